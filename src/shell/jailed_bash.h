// Real bash in a throwaway jail, for this room's differential tests: own mount, network, process,
// IPC and (without root) user namespaces, a root directory that holds bash and stubs and nothing
// else, limits on time, files and processes. Every execve, whether it would succeed or not, is
// intercepted in the kernel (seccomp notification) and reported with its words, its environment and
// its working directory before it goes on.
//
// One JailedBash runs one text at a time; between two texts every process of the jail is killed and
// its work directory emptied. Nothing that a text does survives it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace countersign::shell {

/// One attempt to start a program.
struct ProgramStart {
    std::string path;               ///< as handed to execve
    std::vector<std::string> argv;  ///< argv[0] included
    std::map<std::string, std::string> environment;
    std::string directory;  ///< seen from the jail's root
};

/// What every stub does in one run.
struct StubBehaviour {
    enum class Exit { Success, Failure, Alternating };
    Exit exit = Exit::Success;
    std::string output;  ///< on standard output
};

struct JailedRun {
    std::vector<ProgramStart> starts;
    bool ended = false;  ///< false: it was killed at the time limit; `starts` is what came before
};

class JailedBash {
public:
    /// Each of `names` becomes a stub in /usr/bin (/bin is the same directory). Fails the running
    /// test when the jail cannot be made.
    /// `shell` is the program that runs the texts: bash, or dash for the POSIX dialect.
    explicit JailedBash(const std::set<std::string>& names, const char* shell = "/bin/bash");
    ~JailedBash();
    JailedBash(const JailedBash&) = delete;
    JailedBash& operator=(const JailedBash&) = delete;

    /// Runs `bash -c text` in /work with PATH=/usr/bin, HOME=/home and `environment` besides.
    /// nullopt: the jail itself failed.
    std::optional<JailedRun> run(const std::string& text, const StubBehaviour& stubs,
                                 const std::map<std::string, std::string>& environment);

private:
    void make_root(const std::set<std::string>& names, const char* shell);

    std::filesystem::path root_;
    int channel_ = -1;
    int server_ = -1;
};

}  // namespace countersign::shell
