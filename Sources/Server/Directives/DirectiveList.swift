import Configuration

/// All known directives.
enum DirectiveList {
    static let table = DirectiveTable<Draft>(
        MainDirectives.rows + SandboxDirectives.rows + BlockDirectives.rows + ListenDirectives.rows
            + RequestDirectives.rows + TimeoutDirectives.rows + FileDirectives.rows
            + CacheDirectives.rows + AioDirectives.rows
            + SendingDirectives.rows + TypeDirectives.rows + FieldDirectives.rows
            + GzipDirectives.rows + GunzipDirectives.rows + CharsetDirectives.rows
            + AdditionDirectives.rows + AutoindexDirectives.rows + RandomIndexDirectives.rows
            + EmptyGifDirectives.rows + LogDirectives.rows
            + MapDirectives.rows + GeoDirectives.rows + SplitClientsDirectives.rows
            + RealIPDirectives.rows
            + LimitReqDirectives.rows + LimitConnDirectives.rows + RateDirectives.rows
            + StubStatusDirectives.rows
            + RewriteDirectives.rows + TryFilesDirectives.rows + ErrorPageDirectives.rows
            + AddedFieldDirectives.rows
            + AccessDirectives.rows + AuthBasicDirectives.rows + SecureLinkDirectives.rows
            + RefererDirectives.rows + UserIDDirectives.rows
            + IgnoredDirectives.rows + RefusedDirectives.rows)
}
