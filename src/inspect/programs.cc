#include "inspect/programs.h"

#include <algorithm>
#include <array>

namespace countersign::inspect {
namespace {

constexpr auto kShells = std::to_array<std::string_view>(
    {"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "rbash", "pwsh",
     "powershell", "rc", "elvish", "nu", "osh"});

constexpr auto kLanguages = std::to_array<std::string_view>(
    {"python",  "pypy",   "perl",  "ruby",    "node",   "nodejs",      "php",
     "lua",     "luajit", "tclsh", "wish",    "expect", "osascript",   "rscript",
     "deno",    "bun",    "jjs",   "irb",     "guile",  "gawk",        "awk",
     "mawk",    "julia",  "erl",   "elixir",  "groovy", "scala",       "raku",
     "ts-node", "tsx",    "gdb",   "ipython", "jruby",  "micropython", "r"});

constexpr auto kDownloaders = std::to_array<std::string_view>(
    {"curl",        "wget",         "wget2", "fetch",  "aria2c", "axel",   "lynx",   "links",
     "elinks",      "w3m",          "http",  "https",  "httpie", "xh",     "curlie", "get",
     "lwp-request", "lwp-download", "ftp",   "tftp",   "sftp",   "scp",    "rsync",  "rclone",
     "finger",      "whois",        "gh",    "gsutil", "ftpget", "kermit", "dig",    "nslookup",
     "host",        "drill",        "nc",    "ncat",   "netcat", "telnet", "socat"});

constexpr auto kConnectors = std::to_array<std::string_view>(
    {"nc", "ncat", "netcat", "nc.traditional", "nc.openbsd", "socat", "telnet", "rcat", "cryptcat",
     "pwncat", "sbd", "ztcp", "gsocket", "gs-netcat", "websocat", "busybox-nc"});

constexpr auto kDecoders = std::to_array<std::string_view>(
    {"base64", "base32", "base58",  "basenc",  "gbase64", "uudecode", "rev",    "openssl", "xxd",
     "gunzip", "zcat",   "bunzip2", "bzcat",   "unxz",    "xzcat",    "unlzma", "gzip",    "bzip2",
     "xz",     "zstd",   "unzstd",  "zstdcat", "ascii85", "gpg",      "ccrypt", "rot13",   "tr"});

constexpr auto kAlwaysDecoding = std::to_array<std::string_view>(
    {"uudecode", "rev", "gunzip", "zcat", "bunzip2", "bzcat", "unxz", "xzcat", "unlzma", "unzstd",
     "zstdcat", "rot13", "tr"});

template <std::size_t N>
bool in(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// "python3.11" -> "python", "lua5.1" -> "lua".
std::string_view without_version(std::string_view name) {
    const std::size_t end = name.find_last_not_of("0123456789.-");
    return end == std::string_view::npos ? name : name.substr(0, end + 1);
}

/// Short options of shells and languages that take a value in the next word.
bool takes_value(std::string_view interpreter, std::string_view option) {
    if (is_shell(interpreter)) {
        return option == "-o" || option == "+o" || option == "-O" || option == "+O" ||
               option == "--rcfile" || option == "--init-file";
    }
    return option == "-W" || option == "-X" || option == "-I" || option == "-r" || option == "-d" ||
           option == "-C";
}

bool is_program_option(std::string_view interpreter, std::string_view option) {
    if (option.starts_with("--")) {
        return option == "--eval" || option == "--command" || option == "--print" ||
               option == "--run";
    }
    if (is_shell(interpreter)) {
        return option.size() > 1 && option[0] == '-' && option.find('c') != std::string_view::npos;
    }
    return option.starts_with("-c") || option.starts_with("-e") || option.starts_with("-E") ||
           option.starts_with("-m") || option.starts_with("-p") || option.starts_with("-r") ||
           option.find('e') != std::string_view::npos;
}

/// No script among the words: the interpreter reads its program from standard input.
bool has_no_script(const Item& item) {
    for (std::size_t i = 0; i < item.words.size(); ++i) {
        const std::string_view word = item.words[i];
        if (word == "-" || word == "/dev/stdin" || word == "/dev/fd/0" ||
            word == "/proc/self/fd/0") {
            return true;
        }
        if (word == "-s" && is_shell(item.name)) {
            return true;
        }
        if (word.starts_with("-") || (word.starts_with("+") && is_shell(item.name))) {
            if (is_program_option(item.name, word)) {
                return false;
            }
            i += takes_value(item.name, word) ? 1U : 0U;
            continue;
        }
        return false;
    }
    return true;
}

}  // namespace

bool is_shell(std::string_view name) {
    return in(kShells, name);
}

bool is_interpreter(std::string_view name) {
    return is_shell(name) || in(kLanguages, without_version(name));
}

bool is_downloader(std::string_view name) {
    return in(kDownloaders, name);
}

bool is_connector(const Item& item) {
    if (in(kConnectors, item.name)) {
        return true;
    }
    if (item.name == "openssl") {
        return has_word(item, "s_client") || has_word(item, "s_server");
    }
    if (item.name == "busybox" || item.name == "toybox") {
        return !item.words.empty() && in(kConnectors, item.words.front());
    }
    return item.name == "curl" && has_word_prefix(item, "telnet://");
}

bool is_decoder(const Item& item) {
    if (!in(kDecoders, item.name)) {
        return false;
    }
    if (in(kAlwaysDecoding, item.name)) {
        return true;
    }
    if (item.name == "openssl") {
        return has_word(item, "enc") || has_word(item, "base64") || has_word(item, "-d") ||
               has_word(item, "zlib");
    }
    if (item.name == "xxd") {
        return has_short_option(item, 'r') || has_word(item, "-revert");
    }
    return has_short_option(item, 'd') || has_short_option(item, 'D') ||
           has_word_prefix(item, "--d");
}

bool runs_stdin(const Item& item) {
    if (item.name == "source" || item.name == ".") {
        return has_word(item, "/dev/stdin") || has_word(item, "/proc/self/fd/0") ||
               has_word(item, "/dev/fd/0");
    }
    if (item.name == "at" || item.name == "batch" || item.name == "crontab") {
        return !has_word(item, "-l");
    }
    if (item.name == "awk" || item.name == "gawk" || item.name == "mawk") {
        return has_word(item, "/dev/stdin") && has_word(item, "-f");
    }
    return item.interpreter && has_no_script(item);
}

bool runs_words(const Item& item) {
    return item.interpreter || item.name == "eval" || item.name == "source" || item.name == "." ||
           item.name == "trap" || item.name == "exec" || item.name == "su";
}

}  // namespace countersign::inspect
