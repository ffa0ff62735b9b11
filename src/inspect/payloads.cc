// Code that comes from somewhere else and runs: downloads that reach an interpreter, encoded text
// that is decoded into one, code computed by a pipeline, and files that are fetched and then run in
// the same text.
#include <algorithm>
#include <array>
#include <set>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::EffectKind;
using model::Severity;

/// Programs whose printed shell code people evaluate every day: ssh-agent -s, brew shellenv ...
constexpr auto kTrustedPrinters = std::to_array<std::string_view>({"ssh-agent",
                                                                   "brew",
                                                                   "direnv",
                                                                   "dircolors",
                                                                   "conda",
                                                                   "mamba",
                                                                   "micromamba",
                                                                   "pyenv",
                                                                   "rbenv",
                                                                   "nodenv",
                                                                   "goenv",
                                                                   "opam",
                                                                   "resize",
                                                                   "minikube",
                                                                   "docker-machine",
                                                                   "register-python-argcomplete",
                                                                   "starship",
                                                                   "zoxide",
                                                                   "fnm",
                                                                   "thefuck",
                                                                   "gpg-agent",
                                                                   "keychain",
                                                                   "fzf",
                                                                   "mise",
                                                                   "rtx",
                                                                   "asdf",
                                                                   "luarocks",
                                                                   "perl-local-lib",
                                                                   "lesspipe",
                                                                   "locale",
                                                                   "kubectl",
                                                                   "helm",
                                                                   "poetry",
                                                                   "pipenv",
                                                                   "uv",
                                                                   "atuin",
                                                                   "mcfly",
                                                                   "navi",
                                                                   "tset",
                                                                   "stty",
                                                                   "hub",
                                                                   "podman"});

enum class Origin { None, Computed, Encoded, Downloaded };

Origin origin_of(const Scene& scene, const std::vector<std::size_t>& sources) {
    Origin origin = Origin::None;
    for (const std::size_t i : sources) {
        const Item& item = scene.items()[i];
        if (item.decoder) {
            origin = std::max(origin, Origin::Encoded);
        } else if (item.downloader || item.connector) {
            return Origin::Downloaded;
        }
    }
    return origin;
}

void report(Sink& sink, Origin origin, const Item& item) {
    const std::string name = item.name.empty() ? "an interpreter" : item.name;
    if (origin == Origin::Downloaded) {
        sink.add("download_to_interpreter", Severity::Critical, item.span,
                 "what another machine sends is run by " + name + " unseen");
    } else if (origin == Origin::Encoded) {
        sink.add("encoded_payload", Severity::Critical, item.span,
                 "encoded text is decoded and run by " + name + " unseen");
    }
}

/// eval "$(...)", bash -c "$(...)", bash <<< "$(...)": the code is what another command prints.
void report_computed(const Scene& scene, std::size_t at, const std::vector<std::size_t>& inner,
                     Sink& sink) {
    if (inner.empty()) {
        return;
    }
    const bool trusted = std::all_of(inner.begin(), inner.end(), [&](std::size_t i) {
        const std::string& name = scene.items()[i].name;
        return std::find(kTrustedPrinters.begin(), kTrustedPrinters.end(), name) !=
               kTrustedPrinters.end();
    });
    const Item& item = scene.items()[at];
    const bool evaluates =
        item.name == "eval" || item.shell || item.name == "source" || item.name == ".";
    if (evaluates && !trusted && item.command->input.kind != model::InputSource::Kind::File) {
        sink.add("computed_code", Severity::Medium, item.span,
                 "runs code that another command prints");
    }
}

/// "python tool.py <(zcat x)", "awk '...' <(zcat x)": a script is given, so what is substituted is
/// its data.
bool substitutes_data(const Item& item) {
    if (!item.interpreter) {
        return false;
    }
    for (const std::string& word : item.words) {
        if (word.starts_with("-c") || word.starts_with("-e") || word.starts_with("-s") ||
            word.starts_with("-r") || word.starts_with("--eval") || word == "-lc" ||
            word == "-ic" || word == "-xc" || word == "-ec") {
            return false;
        }
        if (!word.starts_with("-")) {
            return !word.empty() && !word.starts_with("/dev/fd/");
        }
    }
    return false;
}

void find_fed_interpreters(const Scene& scene, Sink& sink) {
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        const Item& item = scene.items()[i];
        if (runs_stdin(item)) {
            report(sink, origin_of(scene, scene.sources(i)), item);
        }
        if (runs_words(item) && !substitutes_data(item)) {
            const std::vector<std::size_t> inner = scene.substituted(i);
            report(sink, origin_of(scene, inner), item);
            report_computed(scene, i, inner, sink);
        }
        const bool unnamed = item.name.empty() && !item.command->argv.empty();
        if (unnamed) {
            report(sink, origin_of(scene, scene.sources(i)), item);
        }
    }
}

/// xargs sh -c, parallel, while read: the words of an inner shell come from the pipe.
void find_fed_words(const Scene& scene, Sink& sink) {
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        const Item& item = scene.items()[i];
        if (item.name != "xargs" && item.name != "parallel") {
            continue;
        }
        const bool inner_shell =
            std::any_of(item.words.begin(), item.words.end(), [](const std::string& word) {
                return is_interpreter(word.substr(word.find_last_of('/') + 1));
            });
        if (inner_shell) {
            report(sink, origin_of(scene, scene.upstream(i)), item);
        }
    }
}

std::string last_component(std::string_view path) {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return std::string(path.substr(path.find_last_of('/') + 1));
}

/// Without scheme, query and fragment: what curl -O and wget name the file.
std::string file_of_url(std::string_view url) {
    const std::size_t scheme = url.find("://");
    std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("?#"));
    return rest.find('/') == std::string_view::npos ? std::string() : last_component(rest);
}

bool looks_like_url(std::string_view word) {
    return contains(word, "://") ||
           (contains(word, "/") && contains(word, ".") && !word.starts_with("/") &&
            !word.starts_with("-") && !word.starts_with("."));
}

/// Names of the files that a download leaves.
void add_downloaded_files(const Item& item, std::set<std::string>& files) {
    for (std::size_t k = 0; k < item.words.size(); ++k) {
        const std::string& word = item.words[k];
        const bool names_output = word == "-o" || word == "-O" || word == "--output" ||
                                  word == "--output-document" || word == "--out";
        if (names_output && k + 1 < item.words.size() && !item.words[k + 1].starts_with("-")) {
            files.insert(last_component(item.words[k + 1]));
        }
        for (const std::string_view option : {"-o", "-O", "--output=", "--output-document="}) {
            if (word.starts_with(option) && word.size() > option.size()) {
                files.insert(last_component(std::string_view(word).substr(option.size())));
            }
        }
        if (looks_like_url(word)) {
            files.insert(file_of_url(word));
        }
    }
    for (const model::Redirection& redirection : item.command->redirections) {
        const bool writes = redirection.kind == model::Redirection::Kind::Write ||
                            redirection.kind == model::Redirection::Kind::Append;
        if (writes && redirection.target.value.has_value()) {
            files.insert(last_component(*redirection.target.value));
        }
    }
    files.erase("");
    files.erase("null");
    files.erase("-");
}

/// The file that a command runs: its own path, or the script an interpreter is given.
std::string file_run_by(const Item& item) {
    const auto& argv = item.command->argv;
    if (argv.empty() || !argv.front().value.has_value()) {
        return {};
    }
    const std::string& program = *argv.front().value;
    if (item.interpreter || item.name == "source" || item.name == ".") {
        for (const std::string& word : item.words) {
            if (!word.starts_with("-")) {
                return last_component(word);
            }
        }
        return {};
    }
    return program.find('/') == std::string::npos ? std::string() : last_component(program);
}

bool fetches_file(const Item& item) {
    static constexpr auto kFetchers = std::to_array<std::string_view>(
        {"curl",   "wget",         "wget2",  "fetch",  "aria2c", "axel", "http",
         "https",  "xh",           "scp",    "sftp",   "rsync",  "ftp",  "tftp",
         "ftpget", "lwp-download", "gsutil", "rclone", "nc",     "ncat"});
    return std::find(kFetchers.begin(), kFetchers.end(), item.name) != kFetchers.end();
}

void find_downloads_run_later(const Scene& scene, Sink& sink) {
    std::set<std::string> files;
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        const Item& item = scene.items()[i];
        const std::string run = file_run_by(item);
        if (!run.empty() && files.count(run) != 0) {
            sink.add("download_to_interpreter", Severity::Critical, item.span,
                     "runs " + run.substr(0, 100) + ", which this text downloads");
        }
        if (fetches_file(item) || item.decoder) {
            add_downloaded_files(item, files);
        }
        // The end of a pipeline such as "curl ... | gunzip > f" or "| tee f" leaves the file.
        const bool fed = origin_of(scene, scene.upstream(i)) == Origin::Downloaded;
        if (fed) {
            add_downloaded_files(item, files);
            if (item.name == "tee") {
                for (const std::string& word : item.words) {
                    files.insert(last_component(word));
                }
            }
        }
        // Another name or place for it.
        const bool moves =
            item.name == "mv" || item.name == "cp" || item.name == "ln" || item.name == "install";
        if (moves && item.words.size() >= 2) {
            const bool from = std::any_of(
                item.words.begin(), item.words.end() - 1,
                [&](const std::string& word) { return files.count(last_component(word)) != 0; });
            if (from) {
                files.insert(last_component(item.words.back()));
            }
        }
    }
}

/// Long strings of base64 or \x escapes among the words of something that runs code.
void find_encoded_words(const Scene& scene, Sink& sink) {
    static constexpr auto kDecodes = std::to_array<std::string_view>(
        {"b64decode", "base64.decode", "frombase64",    "base64_decode",     "decode_base64",
         "atob(",     "fromhex",       "unhexlify",     "zlib.decompress",   "marshal.loads",
         "pack(",     "rot13",         "codecs.decode", "urlsafe_b64decode", "bytes.fromhex",
         "gzinflate", "str_rot13",     "fromcharcode",  "base64 -d",         "base64 --decode",
         "xxd -r",    "unpack(",       "'base64'",      "\"base64\"",        "mime::base64"});
    static constexpr auto kRuns = std::to_array<std::string_view>(
        {"exec(",         "eval(", "eval ",      "compile(",   "os.system", "subprocess",
         "popen",         "spawn", "system(",    "shell_exec", "passthru",  "__import__",
         "instance_eval", "exec ", "function(",  "assert(",    "| sh",      "|sh",
         "| bash",        "|bash", "loadstring", "load("});
    for (const Item& item : scene.items()) {
        if (!item.interpreter && item.name != "eval") {
            continue;
        }
        for (const std::string& text : program_texts(item)) {
            const Folded folded = fold(text);
            if (contains_any(folded, kDecodes) && contains_any(folded, kRuns)) {
                sink.add("encoded_payload", Severity::Critical, item.span,
                         "a program decodes text and runs the result");
            }
        }
    }
}

}  // namespace

void find_payloads(const Scene& scene, Sink& sink) {
    find_fed_interpreters(scene, sink);
    find_fed_words(scene, sink);
    find_downloads_run_later(scene, sink);
    find_encoded_words(scene, sink);
}

}  // namespace countersign::inspect
