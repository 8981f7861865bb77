import Linux
import Server
import Testing

@Suite struct IdentityTests {
    private static let passwd = """
        root:x:0:0:root:/root:/bin/bash
        # a comment:x:9:9
        broken line
        www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
        deploy:x:1000:1000::/home/deploy:/bin/sh
        big:x:99999999999:1::/:/bin/sh
        """
    private static let groups = """
        root:x:0:
        www-data:x:33:deploy
        nogroup:x:65534:
        deploy:x:1000:
        media:x:44:www-data,deploy
        short:x:55
        deploys:x:66:deployer
        """

    @Test(arguments: [
        ("www-data", String?.none, UInt32(33), UInt32(33), [UInt32(33), 44]),
        ("deploy", nil, 1000, 1000, [1000, 33, 44]),
        ("deploy", "www-data", 1000, 33, [33, 44]),
        ("deploy", "44", 1000, 44, [44, 33]),
        ("nobody", nil, 65534, 65534, [65534]),
        ("root", nil, 0, 0, [0]),
        ("1000", nil, 1000, 1000, [1000, 33, 44]),
        ("4321", nil, 4321, 4321, [4321]),
        ("4321", "7", 4321, 7, [7]),
    ])
    func namesAndNumbersAreFound(
        user: String, group: String?, uid: UInt32, gid: UInt32, groups: [UInt32]
    ) throws {
        let identity = try Identity.find(
            user: user, group: group, passwd: Self.passwd, groups: Self.groups)
        #expect(identity.user == uid)
        #expect(identity.group == gid)
        #expect(identity.groups == groups)
    }

    @Test(arguments: [
        ("nginx", String?.none, IdentityError.unknownUser("nginx")),
        ("", nil, .unknownUser("")),
        ("-1", nil, .unknownUser("-1")),
        ("big", nil, .unknownUser("big")),
        ("broken line", nil, .unknownUser("broken line")),
        ("deploy", "nginx", .unknownGroup("nginx")),
        ("deploy", "short", .unknownGroup("short")),
    ])
    func missingUserIsNamed(user: String, group: String?, error: IdentityError) {
        #expect(throws: error) {
            try Identity.find(user: user, group: group, passwd: Self.passwd, groups: Self.groups)
        }
    }
}
