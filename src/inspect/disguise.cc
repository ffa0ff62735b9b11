// Commands that are made so that nobody can read them, and shells that are handed to something of
// which nobody knows what it does. Sources: bash(1), QUOTING and Parameter Expansion;
// Bashfuscator's description of its mutators; MITRE ATT&CK T1027.010 (Command Obfuscation).
#include <algorithm>
#include <array>

#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::Effect;
using model::EffectKind;
using model::Severity;
using model::Span;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name_byte(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '+';
}

bool is_quote(char c) {
    return c == '"' || c == '\'' || c == '\\';
}

/// `'rm'`, "rm" and \rm, which people write to pass by an alias.
bool is_plainly_quoted(std::string_view raw, std::string_view name) {
    return raw == name || (raw.size() == name.size() + 1 && raw.front() == '\\') ||
           (raw.size() == name.size() + 2 && is_quote(raw.front()) && raw.front() == raw.back());
}

/// p""r'i'ntf, $'\x72m', r${*}m: a name in which quotes, codes or empty expansions stand between
/// the letters. A name that comes out of a variable is no disguise.
bool is_disguised(std::string_view raw, std::string_view name) {
    // What stands between backquotes has the span of all of it.
    if (name.empty() || is_plainly_quoted(raw, name) || raw.find('`') != std::string_view::npos ||
        !std::all_of(name.begin(), name.end(), is_name_byte)) {
        return false;
    }
    const bool quoted = std::any_of(raw.begin(), raw.end(), is_quote);
    const bool emptied =
        raw.find("${*") != std::string_view::npos || raw.find("${@") != std::string_view::npos ||
        raw.find("$*") != std::string_view::npos || raw.find("$@") != std::string_view::npos;
    if (!quoted && !emptied) {
        return false;
    }
    for (std::size_t at = raw.find('$'); at != std::string_view::npos; at = raw.find('$', at + 1)) {
        std::size_t next = at + 1;
        next += next < raw.size() && raw[next] == '{' ? 1U : 0U;
        if (next < raw.size() && (is_letter(raw[next]) || raw[next] == '_')) {
            return false;
        }
    }
    return true;
}

void find_disguised_names(const Scene& scene, Sink& sink) {
    const std::string_view text = scene.action().text;
    for (const Item& item : scene.items()) {
        if (item.inside || item.command->argv.empty()) {
            continue;
        }
        const model::Word& word = item.command->argv.front();
        const bool within = word.span.begin < word.span.end && word.span.end <= text.size();
        if (within && word.value &&
            is_disguised(text.substr(word.span.begin, word.span.end - word.span.begin),
                         *word.value)) {
            sink.add(
                "disguised_command", Severity::High, word.span,
                "the name " + word.value->substr(0, 80) + " is written so that it is not seen");
            return;
        }
    }
}

/// "/bin/sh", "/usr/bin/bash" as a part of a longer text.
bool names_a_shell(std::string_view text) {
    static constexpr auto kShells =
        std::to_array<std::string_view>({"sh", "bash", "dash", "zsh", "ksh", "ash"});
    for (std::size_t at = text.find("bin/"); at != std::string_view::npos;
         at = text.find("bin/", at + 1)) {
        const std::string_view rest = text.substr(at + 4);
        const std::size_t end =
            std::min(static_cast<std::size_t>(
                         std::find_if_not(rest.begin(), rest.end(), is_name_byte) - rest.begin()),
                     rest.size());
        if (at > 0 && text.substr(0, at).find('/') != std::string_view::npos &&
            std::find(kShells.begin(), kShells.end(), rest.substr(0, end)) != kShells.end()) {
            return true;
        }
    }
    return false;
}

bool hands_over_a_shell(const Item& item) {
    if (item.command->argv.empty()) {
        return false;
    }
    const auto& content = item.command->input.content.value;
    return std::any_of(item.words.begin(), item.words.end(), names_a_shell) ||
           (item.command->input.kind != model::InputSource::Kind::File && content &&
            names_a_shell(*content));
}

/// julia -e 'run(`/bin/sh`)', unknown-program -c /bin/sh: what it does with the shell cannot be
/// told, and there is little else to do with one than to start it.
void find_handed_shells(const Scene& scene, Sink& sink) {
    for (const Effect& effect : scene.effects()) {
        const bool unknown =
            effect.kind == EffectKind::Unknown || effect.kind == EffectKind::Eval ||
            (effect.kind == EffectKind::Execute && effect.place == model::Place::Unknown);
        if (!unknown || effect.command >= scene.items().size()) {
            continue;
        }
        const Item& item = scene.items()[effect.command];
        // A shell's own text is read as such.
        if (!item.shell && hands_over_a_shell(item)) {
            sink.add("open_shell", Severity::High, item.span,
                     "hands a shell to something of which it is not known what it does");
        }
    }
}

}  // namespace

void find_disguise(const Scene& scene, Sink& sink) {
    find_disguised_names(scene, sink);
    find_handed_shells(scene, sink);
}

}  // namespace countersign::inspect
