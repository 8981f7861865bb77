import Linux

/// The zones of one generation, in the order of its plan.
enum ZoneSet {
    /// Opens the zones of `plans`. A zone with the same name, kind and size as in the previous
    /// generation keeps its contents; with another size it starts empty, and with another key it is
    /// an error, as in nginx.
    static func open(
        _ plans: [ZonePlan], keeping old: [Zone]
    ) throws(GenerationError) -> [Zone] {
        var zones: [Zone] = []
        for plan in plans {
            let known = old.first {
                $0.plan.name == plan.name && $0.plan.kind == plan.kind && $0.plan.size == plan.size
            }
            guard let known else {
                zones.append(try make(plan))
                continue
            }
            guard known.plan.keyText == plan.keyText else {
                // nginx uses these two names.
                let directive = plan.kind == .requests ? "limit_req" : "limit_conn_zone"
                throw GenerationError(lines: [
                    "\(directive) \"\(plan.name)\" uses the \"\(plan.keyText)\" key "
                        + "while previously it used the \"\(known.plan.keyText)\" key"
                ])
            }
            zones.append(known)
        }
        return zones
    }

    private static func make(_ plan: ZonePlan) throws(GenerationError) -> Zone {
        do throws(SystemError) {
            return try Zone(plan)
        } catch {
            throw GenerationError(lines: [
                "\(error) for the shared memory zone \"\(plan.name)\""
            ])
        }
    }
}
