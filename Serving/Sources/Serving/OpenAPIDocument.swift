/// The description of all routes, `openapi.json`, which is part of the program.
enum OpenAPIDocument {
    static var bytes: [UInt8] { PackageResources.openapi_json }
}
