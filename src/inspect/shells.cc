// Reverse and bind shells: a command interpreter whose input and output are a network connection.
// Shapes: redirections to /dev/tcp, nc -e, pipelines that join a shell and a connector, and inline
// programs that open a socket and start a shell.
#include <algorithm>
#include <array>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::Redirection;
using model::Severity;

constexpr auto kSockets = std::to_array<std::string_view>({"socket.socket",
                                                           "socket(",
                                                           "fsockopen",
                                                           "pfsockopen",
                                                           "stream_socket_client",
                                                           "tcpsocket",
                                                           "io::socket",
                                                           "socket.connect",
                                                           "net.connect",
                                                           "net.dial",
                                                           "net.socket",
                                                           "/inet/tcp",
                                                           "/inet/udp",
                                                           "socket.tcp",
                                                           "tcpclient",
                                                           "create_connection",
                                                           "socket_create",
                                                           "tcp:connect",
                                                           "use socket",
                                                           "zsh/net/tcp",
                                                           "/dev/tcp/",
                                                           "/dev/udp/",
                                                           "createconnection",
                                                           "clientsocket",
                                                           "java.net",
                                                           "opensocket",
                                                           "tcpstream::connect",
                                                           "gen_tcp",
                                                           "sockaddr_in",
                                                           "import socket",
                                                           "net.createserver",
                                                           "tcpserver",
                                                           "websocket",
                                                           "require(\"net\")",
                                                           "require('net')",
                                                           "node:net",
                                                           "using sockets",
                                                           "ztcp",
                                                           "socket.create"});

constexpr auto kShellStarts = std::to_array<std::string_view>(
    {"/bin/sh",    "/bin/bash", "/bin/zsh",   "/bin/ksh",   "/bin/dash", "/bin/ash",
     "/bin/csh",   "cmd.exe",   "pty.spawn",  "dup2",       "\"sh\"",    "'sh'",
     "\"bash\"",   "'bash'",    "sh -i",      "bash -i",    "bash -li",  "fdopen",
     "|& getline", "|&getline", "|& service", "powershell", "<&3",       "<&196",
     "\"cmd\"",    "'cmd'",     "zsh -i",     "bin/sh",     "bin/bash"});

constexpr auto kWeakStarts = std::to_array<std::string_view>({"subprocess",
                                                              "os.system",
                                                              "popen",
                                                              "exec(",
                                                              "system(",
                                                              "shell_exec",
                                                              "passthru",
                                                              "proc_open",
                                                              "child_process",
                                                              "system$_",
                                                              "os.execute",
                                                              "spawn(",
                                                              "exec.command",
                                                              "process.start",
                                                              "processbuilder",
                                                              "|getline",
                                                              "| getline",
                                                              "eval(",
                                                              "qx",
                                                              "`"});

constexpr auto kReceives = std::to_array<std::string_view>(
    {"recv", "receive", "fgets", "gets", "while<", "<$", "getline", "stdin", "readline", "ondata",
     ".on(", "read(", "fread", "$_"});

constexpr auto kAccepts = std::to_array<std::string_view>(
    {"accept(", ".listen(", "listen(", "createserver", "tcpserver", "-l ", "-lvp", "tcp-listen"});

bool is_network_path(const model::Word& word) {
    const std::string_view path =
        word.value.has_value() ? std::string_view(*word.value) : word.known_prefix;
    return path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/");
}

/// Programs that hand what they read to a shell: the shell itself, or a word that is not known
/// (`while read line; do $line`), or eval.
bool acts_on_input(const Item& item) {
    return item.shell || item.name.empty() || item.name == "eval" || item.name == "script";
}

void find_network_redirections(const Scene& scene, Sink& sink) {
    const bool acts = std::any_of(scene.items().begin(), scene.items().end(), [](const Item& item) {
        return acts_on_input(item) && (!item.command->argv.empty());
    });
    for (const Item& item : scene.items()) {
        for (const Redirection& redirection : item.command->redirections) {
            if (!is_network_path(redirection.target)) {
                continue;
            }
            const bool both = redirection.kind == Redirection::Kind::ReadWrite ||
                              redirection.kind == Redirection::Kind::Write;
            if (item.shell || (acts && both)) {
                sink.add("reverse_shell", Severity::Critical, item.span,
                         "a shell talks over a network connection (/dev/tcp)");
            } else {
                sink.add("raw_socket", both ? Severity::High : Severity::Medium, item.span,
                         "bash opens a network connection by itself (/dev/tcp)");
            }
        }
    }
}

/// "-e", "-c", "--exec", "-ne", "-lvpe": options of the nc family that start a program.
bool starts_program(const Item& item) {
    for (const std::string& word : item.words) {
        if (word.starts_with("--exec") || word.starts_with("--sh-exec") ||
            word.starts_with("--lua-exec")) {
            return true;
        }
        const bool bundle = word.size() > 1 && word[0] == '-' && word[1] != '-';
        if (bundle && word.find_first_of("ec", 1) != std::string::npos) {
            return true;
        }
    }
    return false;
}

bool listens(const Item& item) {
    return has_short_option(item, 'l') || has_word(item, "--listen") ||
           contains_any_folded(joined(item), {"-listen:", "tcp-l:", "udp-l:"});
}

void find_connector_options(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        if (!item.connector) {
            continue;
        }
        const std::string words = joined(item);
        const bool socat = item.name == "socat" || item.name == "websocat";
        const bool program = socat ? contains_any_folded(words, {"exec:", "system:", "shell:"})
                                   : item.name != "telnet" && item.name != "openssl" &&
                                         item.name != "curl" && starts_program(item);
        const bool names_shell = item.name == "rcat" ||
                                 (item.name != "openssl" &&
                                  contains_any_folded(words, {"/bin/sh", "/bin/bash", "cmd.exe"}));
        if (program || names_shell) {
            sink.add(listens(item) ? "bind_shell" : "reverse_shell", Severity::Critical, item.span,
                     item.name + " connects a program to the network");
        }
    }
}

/// A shell in one pipeline with a connector, or both joined by a named pipe.
void find_joined_shells(const Scene& scene, Sink& sink) {
    const auto& items = scene.items();
    const bool fifo = std::any_of(items.begin(), items.end(), [](const Item& item) {
        return item.name == "mkfifo" || item.name == "mknod" || item.name == "coproc";
    });
    for (std::size_t shell = 0; shell < items.size(); ++shell) {
        const bool shell_of_stdin = items[shell].shell && runs_stdin(items[shell]);
        const bool interpreter = items[shell].name == "script" || shell_of_stdin;
        if (!interpreter) {
            continue;
        }
        for (std::size_t net = 0; net < items.size(); ++net) {
            if (!items[net].connector || (!fifo && !scene.one_pipeline(shell, net))) {
                continue;
            }
            sink.add(listens(items[net]) ? "bind_shell" : "reverse_shell", Severity::Critical,
                     items[net].span,
                     "a shell and " + items[net].name + " are joined into one connection");
        }
    }
}

/// The finding kind that a program's text earns, with its severity when run; nullptr: none.
const char* shell_kind(std::string_view text) {
    const Folded folded = fold(text);
    if (!contains_any(folded, kSockets)) {
        return nullptr;
    }
    const bool strong = contains_any(folded, kShellStarts);
    const bool weak = contains_any(folded, kWeakStarts) && contains_any(folded, kReceives);
    if (!strong && !weak) {
        return nullptr;
    }
    return contains_any(folded, kAccepts) ? "bind_shell" : "reverse_shell";
}

void find_in_programs(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        const bool code = item.interpreter || item.name == "eval";
        const bool other_code = item.name == "vim" || item.name == "vi" || item.name == "emacs" ||
                                item.name == "gdb" || item.name == "sqlite3" ||
                                item.name == "psql" || item.name == "mysql" || item.name == "go" ||
                                item.name == "java" || item.name == "jshell";
        if (code || other_code) {
            for (const std::string& text : program_texts(item)) {
                if (const char* const kind = shell_kind(text)) {
                    sink.add(kind, Severity::Critical, item.span,
                             "a program opens a connection and starts a shell on it");
                }
            }
        } else if (const char* const kind = shell_kind(written_text(item))) {
            sink.add(kind, Severity::High, item.span,
                     "writes a program that opens a connection and starts a shell on it");
        } else if (mentions_connector_shell(written_text(item))) {
            sink.add("reverse_shell", Severity::High, item.span,
                     "writes a command that connects a shell to the network");
        }
    }
}

}  // namespace

void find_shells(const Scene& scene, Sink& sink) {
    find_network_redirections(scene, sink);
    find_connector_options(scene, sink);
    find_joined_shells(scene, sink);
    find_in_programs(scene, sink);
}

const char* shell_program_kind(std::string_view text) {
    return shell_kind(text);
}

}  // namespace countersign::inspect
