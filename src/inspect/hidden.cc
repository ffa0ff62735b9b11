// Characters and shapes that make a person read something else than what runs: bidi controls
// (CVE-2021-42574), zero-width characters, control sequences, look-alike hosts, long padding.
#include <algorithm>
#include <array>

#include "inspect/lexical.h"
#include "inspect/scene.h"
#include "text/utf8.h"

namespace countersign::inspect {
namespace {

using model::Severity;
using model::Span;

/// Runs of blanks this long push the rest of a line out of any reviewer's window.
constexpr std::size_t kPaddingMin = 250;
constexpr std::size_t kReportsMax = 16;

enum class Hiding { None, Harmless, Control, Invisible, Reorders };

bool is_between(std::uint32_t c, std::uint32_t first, std::uint32_t last) {
    return c >= first && c <= last;
}

/// What a deceptive code point does. Emoji sequences join with U+200D and U+FE0F; Persian and Indic
/// text joins with U+200C and U+200D: harmless after a non-ASCII character.
Hiding hiding_of(std::uint32_t c, std::uint32_t before) {
    if (!text::is_deceptive(c) || c == '\r' || c == '\n' || c == '\t') {
        return Hiding::None;
    }
    if (is_between(c, 0x202A, 0x202E) || is_between(c, 0x2066, 0x2069)) {
        return Hiding::Reorders;
    }
    const bool joins = c == 0x200C || c == 0x200D || is_between(c, 0xFE00, 0xFE0F);
    if (joins && before >= 0x80) {
        return Hiding::Harmless;
    }
    // No-break and ideographic spaces, and the byte order mark, come from copying; they are seen as
    // a blank and bash does not split at them.
    if (c == 0xA0 || c == 0x3000 || c == 0xFEFF || is_between(c, 0x2000, 0x200A) || c == 0x202F ||
        c == 0x205F) {
        return Hiding::Harmless;
    }
    if (c < 0x20 || is_between(c, 0x7F, 0x9F)) {
        return Hiding::Control;
    }
    return Hiding::Invisible;
}

void report(Hiding hiding, Span span, Sink& sink) {
    switch (hiding) {
        case Hiding::Reorders:
            sink.add("hidden_characters", Severity::High, span,
                     "control characters change the order in which the text is shown");
            break;
        case Hiding::Invisible:
            sink.add("hidden_characters", Severity::High, span,
                     "characters that are not shown stand in the text");
            break;
        case Hiding::Control:
            sink.add("hidden_characters", Severity::Medium, span,
                     "terminal control characters stand in the text");
            break;
        case Hiding::Harmless:
            sink.add("hidden_characters", Severity::Info, span, "unusual blanks stand in the text");
            break;
        case Hiding::None:
            break;
    }
}

void find_characters(std::string_view content, Sink& sink) {
    std::array<bool, 5> reported{};
    std::uint32_t before = 0;
    for (std::size_t at = 0; at < content.size();) {
        // Printable ASCII, by far the most, needs no decoding.
        const auto byte = static_cast<unsigned char>(content[at]);
        if (byte >= 0x20 && byte < 0x7F) {
            before = byte;
            ++at;
            continue;
        }
        const auto point = text::decode_utf8(content, at);
        const std::size_t length = point.has_value() ? point->length : 1;
        const Span span{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + length)};
        if (!point.has_value()) {
            if (!reported[0]) {
                sink.add("hidden_characters", Severity::Medium, span, "bytes that are not UTF-8");
                reported[0] = true;
            }
        } else {
            const Hiding hiding = hiding_of(point->value, before);
            bool& seen = reported[static_cast<std::size_t>(hiding)];
            if (hiding != Hiding::None && !seen) {
                seen = true;
                report(hiding, span, sink);
            }
            before = point->value;
        }
        at += length;
    }
}

void find_padding(std::string_view content, Sink& sink) {
    std::size_t run = 0;
    for (std::size_t at = 0; at < content.size(); ++at) {
        const char c = content[at];
        if (c == ' ' || c == '\t') {
            ++run;
            continue;
        }
        if (run >= kPaddingMin && c != '\n') {
            sink.add("padding", Severity::High,
                     {static_cast<std::uint32_t>(at - run), static_cast<std::uint32_t>(at)},
                     "a long run of blanks moves what follows out of sight");
            return;
        }
        run = 0;
    }
}

bool is_host_end(char c) {
    return c == '/' || c == '?' || c == '#' || c == ' ' || c == '"' || c == '\'' || c == '\n' ||
           c == ')' || c == '>' || c == '\\';
}

/// Cyrillic, Greek, full-width: letters that look like Latin ones.
bool has_look_alike(std::string_view host) {
    bool latin = false;
    bool other = false;
    for (std::size_t at = 0; at < host.size();) {
        const auto point = text::decode_utf8(host, at);
        if (!point.has_value()) {
            return true;
        }
        const std::uint32_t c = point->value;
        latin = latin || is_between(c, 'a', 'z') || is_between(c, 'A', 'Z');
        other = other || is_between(c, 0x0370, 0x058F) || is_between(c, 0xFF00, 0xFF5E) ||
                is_between(c, 0x2100, 0x218F) || is_between(c, 0x1D400, 0x1D7FF);
        at += point->length;
    }
    return latin && other;
}

void check_host(std::string_view authority, Span span, Sink& sink) {
    const std::size_t at = authority.rfind('@');
    const std::string_view host =
        at == std::string_view::npos ? authority : authority.substr(at + 1);
    const std::string_view user =
        at == std::string_view::npos ? std::string_view() : authority.substr(0, at);
    // https://github.com@evil.example: what looks like the host is a user name.
    const bool false_host = !user.empty() && contains(user, ".") && !contains(user, ":");
    if (false_host) {
        sink.add("misleading_host", Severity::High, span,
                 "the host is what stands after the @: " + text::visible(host, 100));
    } else if (has_look_alike(host)) {
        sink.add("misleading_host", Severity::High, span,
                 "the host mixes look-alike letters: " + text::visible(host, 100));
    } else if (contains(host, "xn--")) {
        sink.add("misleading_host", Severity::Medium, span,
                 "the host is an encoded international name: " + text::visible(host, 100));
    }
}

void find_hosts(std::string_view content, Sink& sink) {
    std::size_t reports = 0;
    for (std::size_t at = content.find("://");
         at != std::string_view::npos && reports < kReportsMax; at = content.find("://", at + 3)) {
        std::size_t end = at + 3;
        while (end < content.size() && end < at + 300 && !is_host_end(content[end])) {
            ++end;
        }
        ++reports;
        check_host(content.substr(at + 3, end - at - 3),
                   {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)}, sink);
    }
}

}  // namespace

void find_hidden(const Scene& scene, Sink& sink) {
    const model::Action& action = scene.action();
    const bool shown_as_text = action.kind == model::ActionKind::Command ||
                               action.kind == model::ActionKind::Sql ||
                               action.kind == model::ActionKind::ToolCall;
    if (shown_as_text) {
        find_characters(action.text, sink);
        find_padding(action.text, sink);
        find_hosts(action.text, sink);
    }
    for (const std::string& word : action.argv) {
        find_characters(word, sink);
        find_hosts(word, sink);
    }
    find_characters(action.target, sink);
    find_hosts(action.target, sink);
}

void find_hidden_in(std::string_view content, Sink& sink) {
    find_characters(content, sink);
    find_hosts(content, sink);
}

}  // namespace countersign::inspect
