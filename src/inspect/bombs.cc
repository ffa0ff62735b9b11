// What exhausts or wipes a machine: fork bombs, full disks, device writes, miners, deletions of
// everything.
#include <algorithm>
#include <array>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::EffectKind;
using model::Severity;

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '.';
}

/// name(){ name|name& } in any spacing. The shell's facts list a function's commands once per call
/// up to a bound, so the shape is read from the text.
bool is_fork_bomb(std::string_view text) {
    for (std::size_t at = text.find("()"); at != std::string_view::npos;
         at = text.find("()", at + 2)) {
        std::size_t end = at;
        while (end > 0 && text[end - 1] == ' ') {
            --end;
        }
        std::size_t begin = end;
        while (begin > 0 && is_name_byte(text[begin - 1])) {
            --begin;
        }
        const std::string name(text.substr(begin, end - begin));
        const std::size_t open = text.find('{', at);
        const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
        if (name.empty() || close == std::string_view::npos || close - open > 200) {
            continue;
        }
        std::string body;
        for (const char c : text.substr(open + 1, close - open - 1)) {
            if (c != ' ' && c != '\n' && c != '\t') {
                body += c;
            }
        }
        const bool doubled = contains(body, name + "|" + name) || contains(body, name + "&" + name);
        if (doubled && contains(body, "&")) {
            return true;
        }
    }
    return false;
}

bool is_fork_loop(const Folded& folded) {
    static constexpr auto kLoops = std::to_array<std::string_view>(
        {"while true: os.fork()", "while 1: os.fork()", "while(1) fork", "fork while fork",
         "while(true) fork", "loop { fork }", "while true; do bash $0 &", "$0 & $0", "$0&$0",
         "$0 | $0 &", "$0|$0&", "while (1) { fork()", "while true { fork", "fork{",
         "while true: os.fork"});
    return contains_any(folded, kLoops);
}

void find_forks(const Scene& scene, Sink& sink) {
    const std::string& text = scene.action().text;
    const model::Span whole{0, static_cast<std::uint32_t>(text.size())};
    if (scene.action().kind == model::ActionKind::Command &&
        (is_fork_bomb(text) || is_fork_loop(fold(text)))) {
        sink.add("fork_bomb", Severity::Critical, whole, "starts copies of itself without end");
        return;
    }
    for (const Item& item : scene.items()) {
        if (item.interpreter) {
            for (const std::string& program : program_texts(item)) {
                if (is_fork_bomb(program) || is_fork_loop(fold(program))) {
                    sink.add("fork_bomb", Severity::Critical, item.span,
                             "starts copies of itself without end");
                }
            }
        }
        const bool written = is_fork_bomb(written_text(item));
        if (written) {
            sink.add("fork_bomb", Severity::High, item.span, "writes a fork bomb");
        }
    }
}

void find_device_wipes(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        const bool formats =
            item.name.starts_with("mkfs") || item.name == "mke2fs" || item.name == "wipefs" ||
            item.name == "blkdiscard" || item.name == "mkswap" || item.name == "hdparm" ||
            item.name == "sgdisk" || item.name == "sfdisk" || item.name == "shred" ||
            item.name == "badblocks" || item.name == "nwipe";
        const bool on_device =
            std::any_of(item.words.begin(), item.words.end(),
                        [](const std::string& word) { return is_block_device(word); });
        const bool dd =
            item.name == "dd" &&
            std::any_of(item.words.begin(), item.words.end(), [](const std::string& word) {
                return word.starts_with("of=") && is_block_device(word.substr(3));
            });
        const bool copies =
            (item.name == "cp" || item.name == "tee" || item.name == "mv" || item.name == "cat") &&
            !item.words.empty() && item.name != "cat" && is_block_device(item.words.back());
        const bool redirected = std::any_of(
            item.command->redirections.begin(), item.command->redirections.end(),
            [](const model::Redirection& redirection) {
                const bool writes = redirection.kind == model::Redirection::Kind::Write ||
                                    redirection.kind == model::Redirection::Kind::Append;
                return writes && redirection.target.value.has_value() &&
                       is_block_device(*redirection.target.value);
            });
        if ((formats && on_device) || dd || copies || redirected) {
            sink.add("device_wipe", Severity::Critical, item.span,
                     "overwrites a disk or memory device");
        }
    }
}

void find_disk_fill(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        const std::string words = joined(item);
        const bool endless = contains(words, "/dev/zero") || contains(words, "/dev/urandom") ||
                             contains(words, "/dev/random");
        const bool writes = std::any_of(
            item.command->redirections.begin(), item.command->redirections.end(),
            [](const model::Redirection& redirection) {
                return (redirection.kind == model::Redirection::Kind::Write ||
                        redirection.kind == model::Redirection::Kind::Append) &&
                       redirection.target.value != std::optional<std::string>("/dev/null");
            });
        const bool dd = item.name == "dd" && endless && contains(words, "of=") &&
                        !contains(words, "count=") && !contains(words, "of=/dev/null");
        const bool cat =
            (item.name == "cat" || item.name == "yes") && writes && (endless || item.name == "yes");
        if (dd || cat) {
            sink.add("disk_fill", Severity::High, item.span, "writes without end");
        }
    }
}

void find_miners(const Scene& scene, Sink& sink) {
    static constexpr auto kMiners = std::to_array<std::string_view>(
        {"xmrig", "minerd", "cpuminer", "ethminer", "cgminer", "bfgminer", "xmr-stak", "nbminer",
         "phoenixminer", "t-rex", "lolminer", "ccminer", "cryptonight", "kinsing", "kdevtmpfsi"});
    static constexpr auto kPools = std::to_array<std::string_view>(
        {"stratum+tcp://", "stratum+ssl://", "stratum2+tcp", "minexmr.com", "supportxmr.com",
         "nanopool.org", "moneroocean", "2miners.com", "--donate-level", "hashvault.pro"});
    for (const Item& item : scene.items()) {
        const bool miner = std::any_of(kMiners.begin(), kMiners.end(),
                                       [&](std::string_view name) { return item.name == name; });
        if (miner || contains_any(fold(joined(item)), kPools)) {
            sink.add("miner", Severity::Critical, item.span, "mines cryptocurrency");
        }
    }
}

/// rm -rf "$DIR/": the variable is not known and may be empty.
bool starts_unknown_then_slash(const model::Word& word, std::string_view text) {
    if (word.value.has_value() || !word.known_prefix.empty() || word.span.end > text.size() ||
        word.span.begin >= word.span.end) {
        return false;
    }
    std::string_view source = text.substr(word.span.begin, word.span.end - word.span.begin);
    std::string plain;
    for (const char c : source) {
        if (c != '"') {
            plain += c;
        }
    }
    if (!plain.starts_with("$") || plain.starts_with("$(")) {
        return false;
    }
    const std::size_t end = plain.starts_with("${") ? plain.find('}') : std::string::npos;
    if (plain.starts_with("${")) {
        const bool plain_name = end != std::string::npos &&
                                plain.substr(0, end).find_first_of(":?#%") == std::string::npos;
        return plain_name && end + 1 < plain.size() && plain[end + 1] == '/';
    }
    std::size_t at = 1;
    while (at < plain.size() && is_name_byte(plain[at]) && plain[at] != '.' && plain[at] != ':') {
        ++at;
    }
    return at < plain.size() && plain[at] == '/';
}

void find_mass_deletes(const Scene& scene, Sink& sink) {
    for (const model::Effect& effect : scene.effects()) {
        if (effect.kind != EffectKind::Delete || !effect.recursive) {
            continue;
        }
        const bool all = effect.target == "/" || effect.target == "/*" ||
                         effect.target == "/home" || effect.target == "/etc" ||
                         effect.target == "/usr" || effect.target == "/var" ||
                         effect.target == "/home/*";
        if (all) {
            sink.add("mass_delete", Severity::Critical, effect.span,
                     "deletes " + effect.target + " and all below it");
        }
    }
    for (const Item& item : scene.items()) {
        if (item.name != "rm" || !(has_short_option(item, 'r') || has_short_option(item, 'R') ||
                                   has_word_prefix(item, "--rec"))) {
            continue;
        }
        for (const model::Word& word : item.command->argv) {
            if (starts_unknown_then_slash(word, scene.action().text)) {
                sink.add("empty_variable_path", Severity::High, word.span,
                         "deletes below / when the variable is empty or unset");
            }
        }
    }
}

}  // namespace

void find_bombs(const Scene& scene, Sink& sink) {
    find_forks(scene, sink);
    find_device_wipes(scene, sink);
    find_disk_fill(scene, sink);
    find_miners(scene, sink);
    find_mass_deletes(scene, sink);
}

}  // namespace countersign::inspect
