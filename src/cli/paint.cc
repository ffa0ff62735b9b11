#include "cli/paint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/utf8.h"

namespace countersign::cli {
namespace {

constexpr std::array<std::string_view, 7> kSequences = {
    "", "\x1b[2m", "\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[35m"};

constexpr std::array<std::pair<std::string_view, Tone>, 30> kTones = {{
    {"allow", Tone::Good},       {"modify", Tone::Good},    {"granted", Tone::Good},
    {"done", Tone::Good},        {"active", Tone::Good},    {"ok", Tone::Good},
    {"approve", Tone::Good},     {"step_up", Tone::Held},   {"defer", Tone::Held},
    {"pending", Tone::Held},     {"suspended", Tone::Held}, {"held", Tone::Held},
    {"ask", Tone::Held},         {"deny", Tone::Bad},       {"denied", Tone::Bad},
    {"expired", Tone::Bad},      {"revoked", Tone::Bad},    {"missing", Tone::Bad},
    {"high", Tone::Bad},         {"critical", Tone::Bad},   {"medium", Tone::Warn},
    {"warning", Tone::Warn},     {"retired", Tone::Dim},    {"ended", Tone::Dim},
    {"low", Tone::Dim},          {"read_only", Tone::Dim},  {"side_effect", Tone::Warn},
    {"irreversible", Tone::Bad}, {"forbidden", Tone::Bad},  {"info", Tone::Dim},
}};

/// Ranges of code points that terminals draw two columns wide (UAX #11, W and F, coarsely).
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kWide = {{
    {0x1100, 0x115F},
    {0x2E80, 0xA4CF},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},
    {0x1F300, 0x1FAFF},
    {0x20000, 0x3FFFD},
}};

constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 4> kCombining = {{
    {0x0300, 0x036F},
    {0x1AB0, 0x1AFF},
    {0x20D0, 0x20FF},
    {0xFE20, 0xFE2F},
}};

template <std::size_t N>
bool within(const std::array<std::pair<std::uint32_t, std::uint32_t>, N>& ranges,
            std::uint32_t value) {
    return std::any_of(ranges.begin(), ranges.end(), [value](const auto& range) {
        return value >= range.first && value <= range.second;
    });
}

/// Bytes and columns of the character at `at`.
std::pair<std::size_t, std::size_t> character_at(std::string_view text, std::size_t at) {
    const auto point = text::decode_utf8(text, at);
    if (!point) {
        return {1, 1};
    }
    if (within(kCombining, point->value)) {
        return {point->length, 0};
    }
    return {point->length, within(kWide, point->value) ? 2U : 1U};
}

}  // namespace

std::string paint(const Look& look, Tone tone, std::string_view text) {
    const std::string_view sequence = kSequences[static_cast<std::size_t>(tone)];
    if (!look.colour || sequence.empty() || text.empty()) {
        return std::string(text);
    }
    return std::string(sequence) + std::string(text) + "\x1b[0m";
}

std::string shown(const Look& look, std::string_view foreign, std::size_t columns) {
    std::string visible = text::visible(foreign);
    if (columns == 0 || columns_of(visible) <= columns) {
        return visible;
    }
    const std::string_view ellipsis = look.utf8 ? "\u2026" : "...";
    const std::size_t room = columns > columns_of(ellipsis) ? columns - columns_of(ellipsis) : 0;
    return std::string(fit_columns(visible, room)) + std::string(ellipsis);
}

std::size_t columns_of(std::string_view visible_text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < visible_text.size();) {
        const auto [bytes, width] = character_at(visible_text, at);
        at += bytes;
        columns += width;
    }
    return columns;
}

std::string_view fit_columns(std::string_view visible_text, std::size_t columns) {
    std::size_t at = 0;
    std::size_t used = 0;
    while (at < visible_text.size()) {
        const auto [bytes, width] = character_at(visible_text, at);
        if (used + width > columns) {
            break;
        }
        at += bytes;
        used += width;
    }
    return visible_text.substr(0, at);
}

std::string pad(std::string_view visible_text, std::size_t columns) {
    const std::size_t has = columns_of(visible_text);
    std::string out(visible_text);
    out.append(columns > has ? columns - has : 0, ' ');
    return out;
}

std::string wrap(const Look& look, std::string_view visible_text, std::size_t indent) {
    const auto width = static_cast<std::size_t>(std::max(look.width, 0));
    if (width <= indent + 10) {
        return std::string(visible_text);
    }
    std::string out;
    std::string_view rest = visible_text;
    while (columns_of(rest) > width - indent) {
        const std::string_view line = fit_columns(rest, width - indent);
        const auto space = line.rfind(' ');
        const std::size_t cut = space == std::string_view::npos || space == 0 ? line.size() : space;
        out.append(rest.substr(0, cut));
        out.push_back('\n');
        out.append(indent, ' ');
        rest.remove_prefix(cut);
        while (rest.starts_with(' ')) {
            rest.remove_prefix(1);
        }
    }
    return out + std::string(rest);
}

Tone tone_of(std::string_view name) {
    const auto* found = std::find_if(kTones.begin(), kTones.end(),
                                     [name](const auto& entry) { return entry.first == name; });
    return found == kTones.end() ? Tone::Plain : found->second;
}

}  // namespace countersign::cli
