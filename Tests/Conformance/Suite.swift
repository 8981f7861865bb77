/// The cases, in groups that follow the RFCs.
public struct Group: Sendable {
    /// The subject of the group.
    public let title: String
    /// The cases of the group.
    public let cases: [Case]

    /// All groups.
    public static let all: [Group] = [
        Group(title: "Request line and target", cases: RequestLineCases.all),
        Group(title: "Header fields", cases: FieldCases.all),
        Group(title: "Host and absolute form", cases: HostCases.all),
        Group(title: "Content and framing", cases: FramingCases.all),
        Group(title: "Connections", cases: ConnectionCases.all),
        Group(title: "Methods", cases: MethodCases.all),
        Group(title: "Responses", cases: ResponseCases.all),
        Group(title: "Preconditions", cases: ConditionCases.all),
        Group(title: "Ranges", cases: RangeCases.all),
        Group(title: "Content codings", cases: ContentCodingCases.all),
        Group(title: "Paths and redirects", cases: PathCases.all),
    ]

    /// Every case of every group.
    public static let cases: [Case] = all.flatMap(\.cases)
}
