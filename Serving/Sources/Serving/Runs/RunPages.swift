import HTTPTypes
import HummingbirdCore
import NIOCore

/// The live page: one HTML file, one script, one style sheet, all part of the program.
enum RunPages {
    static var page: Response { file(PackageResources.runs_html, "text/html; charset=utf-8") }
    static var script: Response {
        file(PackageResources.runs_js, "text/javascript; charset=utf-8")
    }
    static var style: Response { file(PackageResources.runs_css, "text/css; charset=utf-8") }

    private static func file(_ bytes: [UInt8], _ type: String) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-cache"]
        // Nothing from elsewhere, and nothing that a run's texts could smuggle in.
        headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: .init(bytes: bytes)))
    }

    /// A run's report, which is a page with scripts of its own: apart from this server's pages.
    static func report(_ bytes: some Sequence<UInt8>) -> Response {
        var headers: HTTPFields = [.contentType: "text/html; charset=utf-8"]
        headers[.contentSecurityPolicy] = "sandbox allow-scripts allow-popups"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: .init(bytes: bytes)))
    }
}
