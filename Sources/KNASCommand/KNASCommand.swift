@main
struct KNASCommand {
    static func main() {}
}
