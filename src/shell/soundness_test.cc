// The differential against bash itself: texts run in real bash within a throwaway jail (own user,
// mount, network and process namespaces, a root that holds bash and logging stubs and nothing
// else, resource limits), and every program start must have been predicted wherever the facts say
// complete. Nothing of the data is executed outside of that jail; without it the test fails.
#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <random>
#include <sched.h>
#include <set>
#include <sstream>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "shell/shell.h"
#include "shell/test_data.h"

namespace countersign::shell {
namespace {

namespace fs = std::filesystem;

struct Start {
    std::vector<std::string> argv;  ///< argv[0] without its directory
};

/// Logs its words in one write: \1 ends a word, \2 the list, \4 escapes.
constexpr const char* kStub =
    "#!/real/shell\n"
    "line=\n"
    "for word in \"${0##*/}\" \"$@\"; do\n"
    "    word=${word//$'\\4'/$'\\4'd}; word=${word//$'\\1'/$'\\4'a}\n"
    "    word=${word//$'\\2'/$'\\4'b}; word=${word//$'\\n'/$'\\4'n}\n"
    "    line+=$word$'\\1'\n"
    "done\n"
    "printf '%s' \"$line\"$'\\2' >>/log/starts\n"
    "exit $(</log/status)\n";

std::string decode_word(const std::string& word) {
    std::string out;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] != '\4' || i + 1 == word.size()) {
            out += word[i];
            continue;
        }
        const char code = word[++i];
        out += code == 'd' ? '\4' : code == 'a' ? '\1' : code == 'b' ? '\2' : '\n';
    }
    return out;
}

void write_file(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

/// A root directory with bash, its libraries and one stub for each name.
class Root {
public:
    explicit Root(const std::set<std::string>& names) {
        std::string pattern = (fs::temp_directory_path() / "shell-soundness-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
        for (const char* directory : {"usr/bin", "real", "lib64", "lib/x86_64-linux-gnu", "work",
                                      "home", "tmp", "dev", "log"}) {
            fs::create_directories(path_ / directory);
        }
        fs::create_symlink("usr/bin", path_ / "bin");
        fs::copy_file("/bin/bash", path_ / "real/shell");
        for (const char* library :
             {"/lib/x86_64-linux-gnu/libtinfo.so.6", "/lib/x86_64-linux-gnu/libc.so.6",
              "/lib64/ld-linux-x86-64.so.2"}) {
            fs::copy_file(library, path_ / std::string(library).substr(1));
        }
        write_file(path_ / "dev/null", "");
        const fs::path stub = path_ / "real/stub";
        write_file(stub, kStub);
        fs::permissions(stub, fs::perms(0755));
        for (const std::string& name : names) {
            std::error_code ignored;
            fs::create_hard_link(stub, path_ / "usr/bin" / name, ignored);
        }
    }
    ~Root() { fs::remove_all(path_); }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;

    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

void limit(int resource, rlim_t value) {
    const rlimit both{value, value};
    ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

[[noreturn]] void become_bash(const fs::path& root, const std::string& text) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 0);
    ::dup2(null, 1);
    ::dup2(null, 2);
    if (::chroot(root.c_str()) != 0 || ::chdir("/work") != 0) {
        ::_exit(99);
    }
    limit(RLIMIT_CPU, 1);
    limit(RLIMIT_FSIZE, 1 << 20);
    limit(RLIMIT_NOFILE, 64);
    limit(RLIMIT_CORE, 0);
    ::alarm(2);
    std::string words[] = {"bash", "-c", text};
    std::string variables[] = {"PATH=/usr/bin", "HOME=/home"};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    char* environment[] = {variables[0].data(), variables[1].data(), nullptr};
    ::execve("/real/shell", arguments, environment);
    ::_exit(98);
}

/// Runs in a child that is the first process of its own namespaces: when it ends, all do.
[[noreturn]] void run_in_jail(const fs::path& root, const std::string& text) {
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) != 0 &&
        ::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC |
                  CLONE_NEWUTS) != 0) {
        ::_exit(97);
    }
    const pid_t first = ::fork();
    if (first == 0) {
        const pid_t shell = ::fork();
        if (shell == 0) {
            become_bash(root, text);
        }
        int status = 0;
        ::waitpid(shell, &status, 0);
        // Background jobs get a moment of processor time before the namespace ends.
        for (int i = 0; i < 200 && ::waitpid(-1, nullptr, WNOHANG) >= 0; ++i) {
            ::usleep(500);
        }
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
    }
    int status = 0;
    ::waitpid(first, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

std::vector<Start> starts_of(const Root& root, const std::string& text, int stub_status) {
    const fs::path log = root.path() / "log/starts";
    fs::remove_all(root.path() / "work");
    fs::create_directories(root.path() / "work");
    write_file(log, "");
    write_file(root.path() / "log/status", std::to_string(stub_status) + "\n");
    const pid_t child = ::fork();
    if (child == 0) {
        run_in_jail(root.path(), text);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 97 && WEXITSTATUS(status) != 99)
        << "the jail could not be made";
    std::ifstream file(log, std::ios::binary);
    std::vector<Start> starts;
    std::string line;
    while (std::getline(file, line, '\2')) {
        Start start;
        std::string word;
        std::istringstream words(line);
        while (std::getline(words, word, '\1')) {
            start.argv.push_back(decode_word(word));
        }
        starts.push_back(std::move(start));
    }
    return starts;
}

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

bool predicted(const Start& start, const model::CommandFacts& facts) {
    using Target = model::ResolvedCommand::Target;
    for (const model::ResolvedCommand& command : facts.commands) {
        if (command.target != Target::External || command.argv.empty()) {
            continue;
        }
        bool any_glob = false;
        for (const model::Word& word : command.argv) {
            any_glob = any_glob || word.glob;
        }
        if (base_name(command.argv[0].value.value_or("")) != start.argv[0]) {
            continue;
        }
        if (any_glob) {
            return true;
        }
        bool same = command.argv.size() == start.argv.size();
        for (std::size_t i = 1; same && i < command.argv.size(); ++i) {
            same = command.argv[i].value == start.argv[i];
        }
        if (same) {
            return true;
        }
    }
    return false;
}

std::set<std::string> names_in(const std::vector<std::string>& texts) {
    std::set<std::string> names{"p0", "p1", "p2", "rm", "ls", "cat"};
    for (const std::string& text : texts) {
        std::string name;
        for (const char c : text + " ") {
            if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                c == '.' || c == '+') {
                name += c;
            } else {
                if (!name.empty() && name.size() < 24 && name[0] != '-' && name[0] != '.') {
                    names.insert(name);
                }
                name.clear();
            }
        }
    }
    return names;
}

struct Outcome {
    std::size_t texts = 0;
    std::size_t complete = 0;
    std::size_t starts = 0;
    std::size_t unpredicted = 0;
};

void compare(const Root& root, const std::string& text, Outcome& outcome) {
    Surroundings surroundings;
    surroundings.directory = "/work";
    surroundings.home = "/home";
    surroundings.zero = "bash";
    const model::CommandFacts facts = analyze(text, surroundings);
    ++outcome.texts;
    if (!facts.complete) {
        return;
    }
    ++outcome.complete;
    for (const int status : {0, 1}) {
        for (const Start& start : starts_of(root, text, status)) {
            ++outcome.starts;
            if (predicted(start, facts)) {
                continue;
            }
            ++outcome.unpredicted;
            std::string words;
            for (const std::string& word : start.argv) {
                words += " <" + word + ">";
            }
            ADD_FAILURE() << "bash started" << words << "\nwhich was not predicted for:\n" << text;
        }
    }
}

/// Sentences of bash that favour its corners. Every program in them is a stub.
class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}
    std::string text() {
        std::string out;
        const std::size_t lines = 1 + pick(4);
        for (std::size_t i = 0; i < lines; ++i) {
            out += statement(3) + (pick(3) == 0 ? "; " : "\n");
        }
        return out;
    }

private:
    std::size_t pick(std::size_t below) { return random_() % below; }
    std::string one_of(std::initializer_list<const char*> items) {
        return *(items.begin() + static_cast<std::ptrdiff_t>(pick(items.size())));
    }
    std::string word(std::size_t depth) {
        const std::string plain = one_of({"a", "b1", "x y", "*", "-f", "", "$", "~", "a=b"});
        switch (pick(depth == 0 ? 8 : 18)) {
            case 0:
                return "'" + plain + "'";
            case 1:
                return "\"" + one_of({"a b", "$X", "${Y}z", "$@", "\\$X", "$X$@"}) + "\"";
            case 2:
                return one_of({"a", "b", "c/d", "-rf", "--x=y", "r\\m", "r''m", "$'\\x72m'"});
            case 3:
                return one_of({"$X", "$Y", "${X}", "${X:-d}", "${Z:-e f}", "${X:+g}", "${Y#a}"});
            case 4:
                return one_of({"${X%b}", "${#X}", "${X/a/b}", "${X^^}", "${X:1:2}", "${!V}"});
            case 5:
                return one_of({"{a,b}", "{1..3}", "x{y,z}w", "{a,{b,c}}", "{a}", "a{,b}"});
            case 6:
                return one_of({"$((1+2))", "$((N*2))", "$[3-1]", "$((N++))", "$((0x1f))"});
            case 7:
                return one_of({"~", "~/x", "a:~", "X=~", "$#", "$*", "$@", "$1", "${@:1:1}"});
            case 8:
                return "$(echo " + word(depth - 1) + ")";
            case 9:
                return "\"$(printf '%s' " + word(depth - 1) + ")\"";
            case 10:
                return "`echo " + one_of({"a", "b c", "$X"}) + "`";
            case 11:
                return one_of({"${A[0]}", "${A[@]}", "\"${A[@]}\"", "${#A[@]}", "${A[1]}"});
            case 12:
                return "${X:-" + word(depth - 1) + "}";
            case 13:
                return word(depth - 1) + word(depth - 1);
            default:
                return one_of({"a", "b", "cc"});
        }
    }
    std::string words(std::size_t depth) {
        std::string out;
        for (std::size_t i = pick(4); i > 0; --i) {
            out += " " + word(depth);
        }
        return out;
    }
    std::string assignment(std::size_t depth) {
        switch (pick(6)) {
            case 0:
                return one_of({"N=3", "N=4", "V=X", "V=Y", "X=a", "Y=ab"});
            case 1:
                return "A=(" + words(depth) + " )";
            case 2:
                return "X+=" + word(depth);
            case 3:
                return "IFS=" + one_of({":", "b", "' '", "a"});
            default:
                return one_of({"X=", "Y=", "Z="}) + word(depth);
        }
    }
    std::string simple(std::size_t depth) {
        switch (pick(14)) {
            case 0:
                return assignment(depth);
            case 1:
                return "X=" + word(depth) + " p1" + words(depth);
            case 2:
                return "eval 'p0 $X'" + words(depth);
            case 3:
                return "set --" + words(depth);
            case 4:
                return one_of({"shift", "unset X", "unset Y", "cd /", "set -f", "set +f"});
            case 5:
                return "f" + words(depth);
            case 6:
                return "command p2" + words(depth);
            case 7:
                return one_of(
                    {"export X", "local X=1", "declare Y=2", "readonly Q=1", "read X <<< a"});
            case 8:
                return "$X p0" + words(depth);
            case 9:
                return "p0" + words(depth) + one_of({" >o", " 2>&1", " <<< a", " >/dev/null"});
            default:
                return one_of({"p0", "p1", "p2"}) + words(depth);
        }
    }
    std::string statement(std::size_t depth) {
        if (depth == 0) {
            return simple(1);
        }
        switch (pick(20)) {
            case 0:
                return simple(2) + one_of({" && ", " || ", " | ", "; "}) + statement(depth - 1);
            case 1:
                return "if " + statement(depth - 1) + "; then " + statement(depth - 1) + "; else " +
                       statement(depth - 1) + "; fi";
            case 2:
                return "for X in" + words(2) + "; do " + statement(depth - 1) + "; done";
            case 3:
                return "{ " + statement(depth - 1) + "; }";
            case 4:
                return "( " + statement(depth - 1) + " )";
            case 5:
                return "case " + word(1) + " in a) " + statement(depth - 1) +
                       one_of({" ;; ", " ;& ", " ;;& "}) + "*) " + statement(depth - 1) + ";; esac";
            case 6:
                return "f() { " + statement(depth - 1) + "; }";
            case 7:
                return "[[ " + word(1) + one_of({" == ", " != "}) + "a* ]] && " +
                       statement(depth - 1);
            case 8:
                return "for ((i=0; i<2; i++)); do " + statement(depth - 1) + "; done";
            case 9:
                return "while p0; do " + statement(depth - 1) +
                       one_of({"; break; done", "; exit; done", "; return; done"});
            case 10:
                return "! " + simple(2);
            case 11:
                return "trap 'p1 $X' EXIT";
            case 12:
                return "true && " + statement(depth - 1) + " || " + statement(depth - 1);
            case 13:
                return "p0 <<E\n$X $(p1 a)\nE\n" + simple(1);
            case 14:
                return "until p1; do " + statement(depth - 1) + one_of({"; continue", ""}) +
                       "; break; done";
            default:
                return simple(2);
        }
    }
    std::mt19937_64 random_;
};

void report(const char* what, const Outcome& outcome) {
    std::cout << what << ": " << outcome.texts << " texts, " << outcome.complete << " complete, "
              << outcome.starts << " program starts, " << outcome.unpredicted << " not predicted\n";
}

TEST(Soundness, EveryStartOfGeneratedTextsIsPredicted) {
    const char* given = std::getenv("SOUNDNESS_SEED");
    const std::uint64_t seed = given == nullptr ? 20240607 : std::strtoull(given, nullptr, 10);
    const char* many = std::getenv("SOUNDNESS_COUNT");
    const std::size_t count = many == nullptr ? 1200 : std::strtoull(many, nullptr, 10);
    std::cout << "seed " << seed << '\n';
    Generator generator(seed);
    const Root root(names_in({"a b1 b c cc d x y z"}));
    Outcome outcome;
    for (std::size_t i = 0; i < count; ++i) {
        compare(root, generator.text(), outcome);
    }
    report("generated", outcome);
    EXPECT_GT(outcome.starts, count / 4);
}

TEST(Soundness, EveryStartOfRealTextsIsPredicted) {
    if (!test_data_present()) {
        GTEST_SKIP() << "the shared data is absent";
    }
    for (const char* set : {"nl2bash", "ci_commands", "agent_mini_swe_terminal_bench",
                            "bashfuscator_obfuscated", "agent_intercode_bash"}) {
        const std::vector<std::string> all = test_commands(set);
        std::vector<std::string> texts;
        const std::size_t step = std::max<std::size_t>(1, all.size() / 450);
        for (std::size_t i = 0; i < all.size(); i += step) {
            texts.push_back(all[i]);
        }
        const Root root(names_in(texts));
        Outcome outcome;
        for (const std::string& text : texts) {
            compare(root, text, outcome);
        }
        report(set, outcome);
    }
}

}  // namespace
}  // namespace countersign::shell
