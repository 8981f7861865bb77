import Configuration
import Files
import HTTP
import Linux

/// Compilation of a location's settings.
extension PlanCompiler {
    /// Adds a location plan for settings after inheritance. Returns its index.
    mutating func add(_ scope: LevelSettings, _ written: SourceRange?) -> Int32 {
        let files = scope.location
        let root = root(of: files)
        let limits = LimitCompiler.limits(of: scope, &self)
        let rate = LimitCompiler.rate(of: scope, &self)
        var plan = LocationPlan(
            features: features(of: scope),
            aliasReplaces: files.alias?.replacedCount ?? 0,
            root: root.constant, rootTemplate: root.template,
            rootParents: Int32(clamping: root.constant.span.parentSegments),
            indexes: indexes(files.indexes),
            links: files.links ?? .follow,
            types: types(scope.types.types ?? TypeDirectives.builtIn),
            defaultType: parts.arena.store(scope.types.defaultType ?? "text/plain"),
            gzip: gzip(scope.gzip), access: Access.compile(scope, &self),
            bodyFilter: Charsets.compile(scope, &self),
            listingFormat: ListingFormat(scope.autoindex.format ?? .html),
            modifiedSince: scope.fields.ifModifiedSince ?? .exact,
            maxRanges: scope.fields.maxRanges ?? Int.max,
            maxBodySize: Int64(scope.request.maxBodySize ?? 1 << 20),
            sendfileMaxChunk: scope.sending.sendfileMaxChunk ?? 128 << 10,
            timeouts: timeouts(scope.timeouts),
            accessLogs: LogCompiler.accessLogs(scope.logs, &self),
            realIP: RealIP.compile(scope.realIP, &self),
            errorLog: LogCompiler.errorLog(scope.logs.errorLogs, &self), limits: limits, rate: rate,
            tryFiles: tryFiles(scope.tryFiles.files),
            errorPages: errorPages(scope.errorPages.pages),
            fields: Headers.compile(of: scope.added, &self),
            symlinks: symlinks(files.symlinks))
        if limits >= 0 { plan.features.insert(.limits) }
        if scope.status.isStub ?? false { plan.features.insert(.stubStatus) }
        if rate >= 0 { plan.features.insert(.limitsRate) }
        parts.locationPlaces.append(origin(written))
        return parts.locations.add(plan)
    }

    /// Returns the root of a level: its bytes, or the template's index if it has variables.
    private mutating func root(
        of files: FileSettings
    ) -> (constant: PlanBytes, template: Int32) {
        let word = files.alias?.directory ?? files.root
        var bytes = word?.bytes ?? Array("html".utf8)
        if files.alias == nil, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        if let word, bytes.contains(UInt8(ascii: "$")) {
            return (parts.arena.store(""), add(template(bytes, of: word)))
        }
        // The root `/` adds no bytes to a path. An empty root is the prefix.
        let isWhole = bytes.isEmpty && word?.bytes.isEmpty == false
        return (parts.arena.store(isWhole ? [] : draft.paths.absolute(bytes)), -1)
    }

    private mutating func indexes(_ words: [Word]?) -> PlanTable<Template> {
        guard let words else {
            return parts.arena.store(elements: [template(constant: Array("index.html".utf8))])
        }
        return parts.arena.store(elements: words.map { template($0) })
    }

    private func features(of scope: LevelSettings) -> LocationFeatures {
        let access = AccessGroup(scope, serverNames: [])
        let switches: [(LocationFeature, Bool)] = [
            (.aliasIsWholePath, scope.location.alias.map { $0.replacedCount == nil } ?? false),
            (.realIP, scope.realIP.trusted != nil),
            (.autoindex, scope.autoindex.isOn ?? false),
            (.exactSize, scope.autoindex.exactSize ?? true),
            (.localTime, scope.autoindex.localTime ?? false),
            (.sortsListings, scope.autoindex.sorts ?? false),
            (.randomIndex, scope.randomIndex.isOn ?? false),
            (.emptyGif, scope.emptyGif.isOn), (.gunzip, scope.gunzip.isOn ?? false),
            (.charset, (scope.charset.charset ?? .off) != .off),
            (.sourceCharset, scope.charset.source != nil),
            (.addition, scope.addition.isOn),
            (.gzip, scope.gzip.isOn ?? false),
            (.access, access.access.rules != nil || access.requiresPassword),
            (.userID, access.setsUserID),
            (.sidecars, scope.gzip.hasSidecars),
            (.gzipVary, scope.gzip.vary ?? false),
            (.sendfile, scope.sending.usesSendfile ?? false),
            (.readsViaHelper, scope.sending.readsViaHelper ?? false),
            (.holdsHead, scope.sending.isCorked ?? false),
            (.etag, scope.fields.etag ?? true),
            (.serverTokens, scope.fields.serverTokens ?? true),
            (.logsNotFound, scope.logs.logsNotFound ?? true),
            (.logsRewrites, scope.logs.logsRewrites ?? false),
            (.deniesHidden, scope.location.deniesHidden ?? false),
            (.absoluteRedirect, scope.fields.absoluteRedirect ?? true),
            (.serverNameInRedirect, scope.fields.serverNameInRedirect ?? false),
            (.portInRedirect, scope.fields.portInRedirect ?? true),
            (.hasAlias, scope.location.alias != nil),
            (.isInternal, scope.location.isInternal ?? false),
            (.recursiveErrorPages, scope.errorPages.isRecursive ?? false),
            (.warnsOfUnset, scope.rewrite.warnsOfUnset ?? true),
            (.resetsTimedOut, scope.timeouts.resetsTimedOut ?? false),
            (.addsFields, scope.added.addsAny),
            (.addsTrailers, !(scope.added.trailers ?? []).isEmpty),
            (.forbidsChunks, !(scope.fields.sendsChunks ?? true)),
            (.refreshesMSIE, scope.fields.refreshesMSIE ?? false),
            (.padsErrorPages, scope.fields.padsErrorPages ?? true),
            (.checksSymlinks, (scope.location.symlinks?.kind ?? .off) != .off),
            (.limitsKeepalive, scope.timeouts.keepaliveDisable?.contains(.safari) ?? false),
        ]
        return switches.reduce(into: []) { if $1.1 { $0.insert($1.0) } }
    }

    private mutating func tryFiles(_ draft: TryFilesDraft?) -> Int32 {
        guard let draft else { return -1 }
        let names = draft.names.map { word in
            let isDirectory = word.bytes.last == UInt8(ascii: "/")
            return TryFilesPlan.Name(
                template: template(
                    isDirectory ? Array(word.bytes.dropLast()) : word.bytes, of: word),
                isDirectory: isDirectory)
        }
        return parts.tryFiles.add(
            TryFilesPlan(
                names: parts.arena.store(elements: names),
                fallback: draft.status == nil ? template(draft.fallback) : template(constant: []),
                status: Int32(draft.status ?? -1)))
    }

    private mutating func symlinks(_ draft: SymlinkDraft?) -> Int32 {
        guard let draft, draft.kind != .off else { return -1 }
        return parts.symlinkPlans.add(
            SymlinkPlan(
                allowsOwners: draft.kind == .ifNotOwner,
                from: draft.from.map { template(draft.fromBytes, of: $0) }
                    ?? template(constant: [])))
    }

    private mutating func errorPages(_ drafts: [ErrorPageDraft]?) -> Int32 {
        guard let drafts else { return -1 }
        let pages = drafts.map {
            ErrorPagePlan(
                status: Int32($0.status), overwrite: Int32($0.overwrite ?? -1),
                target: template($0.target))
        }
        return parts.errorPages.add(parts.arena.store(elements: pages))
    }

    private mutating func timeouts(_ settings: TimeoutSettings) -> TimeoutPlan {
        let keepalive = settings.keepaliveMs ?? 75_000
        return TimeoutPlan(
            header: duration(settings.headerMs ?? 60_000),
            body: duration(settings.bodyMs ?? 60_000), send: duration(settings.sendMs ?? 60_000),
            keepalive: duration(keepalive, isKeepalive: true),
            lingering: duration(settings.lingeringTimeoutMs ?? 5_000),
            lingeringClose: settings.lingeringClose ?? .whenUnread, keepsAlive: keepalive > 0,
            keepaliveFieldSeconds: settings.keepaliveFieldSeconds ?? 0,
            keepaliveRequests: settings.keepaliveRequests ?? 1000,
            keepaliveTimeMs: Int64(settings.keepaliveTimeMs ?? 3_600_000),
            keepaliveMinMs: Int32(clamping: settings.keepaliveMinMs ?? -1),
            keepaliveDisable: settings.keepaliveDisable ?? .msie6,
            lingeringTimeMs: Int64(settings.lingeringTimeMs ?? 30_000))
    }

    /// Returns the list of deadlines for a duration. Each duration has one; connections that wait
    /// for their next request have separate lists, because they may be closed in favour of others.
    mutating func duration(_ milliseconds: Int, isKeepalive: Bool = false) -> UInt16 {
        // A deadline is this long after the current time: the sum must not overflow.
        let value = min(Int64(milliseconds), 1 << 52)
        let known = parts.durationsMs.indices.first {
            parts.durationsMs[$0] == value && parts.keepaliveLists.contains($0) == isKeepalive
        }
        if let known { return UInt16(clamping: known) }
        parts.durationsMs.append(value)
        let index = parts.durationsMs.count &- 1
        if isKeepalive { parts.keepaliveLists.append(index) }
        return UInt16(clamping: index)
    }

    private mutating func types(_ pairs: [TypePair]) -> Int32 {
        if let known = compiledTypes[pairs] { return known }
        let table = MIMETypes(pairs.map { (suffix: $0.suffix, type: $0.type) })
        let index = parts.types.add(table)
        parts.typeNames.append(
            parts.arena.store(elements: table.types.map { parts.arena.store($0) }))
        compiledTypes[pairs] = index
        return index
    }

    private mutating func gzip(_ settings: GzipSettings) -> Int32 {
        if let known = compiledGzips[settings] { return known }
        let names = settings.types ?? []
        let first = parts.regexes.count
        for pattern in settings.disabled ?? [] {
            // The row has compiled it before, so that it is valid.
            if let regex = try? Regex.compile(pattern: pattern, caseless: true) {
                _ = addRegex(regex)
            }
        }
        let index = parts.gzips.add(
            GzipPlan(
                level: Int32(settings.level ?? 1), minLength: Int64(settings.minLength ?? 20),
                types: parts.arena.store(
                    elements: Set(names + ["text/html"]).sorted().map { parts.arena.store($0) }),
                compressesAllTypes: names.contains("*"), minVersion: settings.minVersion ?? .http11,
                proxied: settings.proxied ?? [], disabledFrom: Int32(first),
                disabledCount: Int32(parts.regexes.count &- first),
                staticMode: settings.staticMode ?? .off,
                brotliStatic: settings.brotliStatic ?? .off,
                zstandardStatic: settings.zstandardStatic ?? .off,
                cache: settings.cache ?? .on))
        compiledGzips[settings] = index
        return index
    }
}
