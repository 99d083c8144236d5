import Foundation
import TestSupport
import Testing

/// Standard streams that are closed, full, or have lost their other end, and outputs that are no
/// plain files.
@Suite("Streams and outputs", .serialized)
struct StreamTests {
    private let run: FinishedRuns.Run
    private let directory: URL

    init() throws {
        run = try FinishedRuns.get(pairs: false)
        directory = run.workspace.directory
    }

    /// A shell line in which `$M` is the model and `$T` the task.
    private func shell(_ line: String) throws -> Program.Outcome {
        try Program.shell(
            "M=\(run.model.path); T=\(run.workspace.task.path); " + line, in: directory)
    }

    @Test("output that is lost is an error, and a reader that has gone is none")
    func output() throws {
        // `Tests/fault-matrix` has all commands.
        let commands = [
            "echo a | knas predict $M", "knas task check $T", "knas --version",
            "knas export $M --output -",
        ]
        for command in commands {
            for place in ["> /dev/full", ">&-"] {
                let lost = try shell(command + place)
                #expect(lost.code == 74, "\(command) \(place): \(lost.code) \(lost.error)")
                #expect(lost.error.contains("standard output"), "\(lost.error)")
            }
            let gone = try shell("(\(command); echo $? >&2) | true")
            #expect(gone.error == "0\n", "\(command): \(gone.error)")
        }
    }

    @Test("messages that nobody takes do not stop the work")
    func diagnostics() throws {
        let search =
            "knas search $T --encoder \(run.workspace.encoder.path) --candidates 4 --keep 1 "
            + "--funnel 2 --epochs 1 --scoring-examples 8 --overwrite --run streams"
        let unread = try shell("\(search) 3>&2 2>&1 >&3 | true; echo ${PIPESTATUS[0]}")
        #expect(unread.output == "0\n")
        // With the three closed, the store must not become one of them.
        let closed = try shell("rm -rf streams; \(search) <&- >&- 2>&-")
        #expect(closed.code == 74)
        let shown = try shell("knas runs show streams --json")
        #expect(shown.code == 0 && shown.output.contains("complete"), "\(shown.error)")
    }

    @Test("standard input that is closed, or a directory, is a clear error")
    func input() throws {
        for (place, reason) in [("<&-", "it is closed"), ("< .", "it is a directory")] {
            let outcome = try shell("knas predict $M \(place)")
            #expect(outcome.code == 74)
            #expect(outcome.error.contains("standard input cannot be read: \(reason)"))
        }
    }

    @Test("links are followed, pipes and - are written into, devices and directories refused")
    func outputs() throws {
        let sum =
            try shell("knas export $M --output plain && sha256sum < plain").output
            .split(separator: "\n").last.map { $0 + "\n" } ?? ""
        for line in [
            "ln -s target link; knas export $M --output link >&2; test -L link; sha256sum < target",
            "mkdir d; touch d/x; ln -s d/x deep; knas export $M --output deep >&2; test -L deep "
                + "&& sha256sum < d/x",
            "mkfifo p; sha256sum < p & knas export $M --output p >&2; wait; test -p p",
            "knas export $M --output - | sha256sum",
            "knas export $M --output /dev/stdout | sha256sum",
            "knas export $M --output /dev/fd/3 3> three >&2; sha256sum < three",
            "knas export $M --output /dev/stdout >> appended; sha256sum < appended",
            "touch private; chmod 600 private; knas export $M --output private >&2; "
                + "test $(stat -c %a private) = 600 && sha256sum < private",
        ] {
            let outcome = try shell("rm -f p; " + line)
            #expect(outcome.code == 0, "\(line): \(outcome.error)")
            #expect(outcome.output == sum, "\(line): \(outcome.error)")
        }
        for place in ["d", "d/", "nowhere/", "/dev/null", "/dev/full", "/dev/fd/99999", "plain/x"] {
            for command in [
                "knas export $M", "knas vocab train $T --size 40",
                "knas features $T --shard 1/2 --encoder \(run.workspace.encoder.path)",
                "knas train $T --head x --encoder \(run.workspace.encoder.path)",
            ] {
                let refused = try shell("\(command) --output \(place)")
                #expect(refused.code == 74, "\(command) \(place): \(refused.error)")
                #expect(refused.error.contains("cannot be written"), "\(refused.error)")
            }
        }
        #expect(try shell("ls -a | grep '\\.tmp$'").output.isEmpty)
    }

    @Test("SIGINT, SIGTERM and SIGHUP stop a search, which can be resumed; nohup's is ignored")
    func signals() throws {
        let search =
            "knas search $T --encoder \(run.workspace.encoder.path) --candidates 400 --keep 1 "
            + "--funnel 2 --epochs 1 --scoring-examples 24 --run signalled"
        for signal in ["INT", "TERM", "HUP"] {
            let outcome = try shell(
                """
                rm -rf signalled; \(search) & P=$!
                until test -e signalled/run.sqlite; do kill -0 $P || break; sleep 0.02; done
                kill -\(signal) $P; wait $P
                """)
            #expect(outcome.code == 130, "\(signal): \(outcome.error)")
            #expect(outcome.error.contains("--resume"), "\(signal): \(outcome.error)")
        }
        let ignored = try shell(
            """
            trap '' HUP; mkfifo held; knas predict $M < held & P=$!; exec 3> held
            sleep 0.3; kill -HUP $P; echo 'a good day' >&3; exec 3>&-; wait $P
            """)
        #expect(ignored.code == 0 && ignored.output.contains("label"), "\(ignored.error)")
        // While it waits for input there is nothing to bring to an end.
        let waiting = try shell(
            """
            mkfifo open; knas predict $M < open & P=$!; exec 3> open; echo 'a good day' >&3
            sleep 0.5; kill -TERM $P; wait $P
            """)
        #expect(waiting.code == 130, "\(waiting.error)")
    }
}
