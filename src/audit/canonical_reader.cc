#include "audit/canonical_reader.h"

#include <array>
#include <cstring>
#include <limits>

#include "base/limits.h"
#include "text/number.h"
#include "text/utf8.h"

namespace countersign::audit {
namespace {

/// What a byte within a string is to the scanner.
enum class Byte : std::uint8_t { Plain, High, Quote, Backslash, Control };

constexpr std::array<Byte, 256> kBytes = [] {
    std::array<Byte, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = i < 0x20 ? Byte::Control : i < 0x80 ? Byte::Plain : Byte::High;
    }
    table['"'] = Byte::Quote;
    table['\\'] = Byte::Backslash;
    return table;
}();

/// Digits that a double holds exactly whatever they are.
constexpr std::size_t kExactDigits = 15;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Eight bytes at once: whether each of them stands for itself in a string. The usual bit tricks: a
/// byte's top bit comes out set where it is below 0x20, a quote, a backslash, or beyond ASCII.
bool eight_plain(const char* at) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
    constexpr std::uint64_t kTops = 0x8080'8080'8080'8080;
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t quote = word ^ (kOnes * '"');
    const std::uint64_t backslash = word ^ (kOnes * '\\');
    const std::uint64_t special =
        (word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes) | word;
    return (special & kTops) == 0;
}

}  // namespace

CanonicalReader::Verdict CanonicalReader::read(std::string_view text) {
    text_ = text;
    at_ = 0;
    sure_ = true;
    high_bytes_ = false;
    nodes_.clear();
    const bool whole = text.size() < std::numeric_limits<std::uint32_t>::max() &&
                       value(limits::kJsonDepthMax) && at_ == text_.size() &&
                       !(high_bytes_ && text::invalid_utf8_at(text_));
    if (!whole) {
        nodes_.clear();
        return Verdict::Malformed;
    }
    return sure_ ? Verdict::Canonical : Verdict::Unsure;
}

CanonicalReader::Value CanonicalReader::root() const {
    return nodes_.empty() ? Value() : Value(this, 0);
}

bool CanonicalReader::take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) {
        return false;
    }
    ++at_;
    return true;
}

bool CanonicalReader::literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) {
        return false;
    }
    at_ += word.size();
    return true;
}

bool CanonicalReader::value(std::size_t depth) {
    if (at_ >= text_.size()) {
        return false;
    }
    const std::size_t index = nodes_.size();
    nodes_.emplace_back().begin = here();
    Kind kind = Kind::Number;
    bool good = false;
    switch (text_[at_]) {
        case '{':
            kind = Kind::Object;
            good = object(depth);
            break;
        case '[':
            kind = Kind::Array;
            good = array(depth);
            break;
        case '"':
            kind = Kind::String;
            good = string();
            break;
        case 't':
            kind = Kind::True;
            good = literal("true");
            break;
        case 'f':
            kind = Kind::False;
            good = literal("false");
            break;
        case 'n':
            kind = Kind::Null;
            good = literal("null");
            break;
        default:
            good = number();
    }
    Node& node = nodes_[index];
    node.kind = kind;
    node.end = here();
    node.after = static_cast<std::uint32_t>(nodes_.size());
    return good;
}

bool CanonicalReader::array(std::size_t depth) {
    ++at_;
    if (take(']')) {
        return depth > 0;
    }
    do {
        if (depth == 0 || !value(depth - 1)) {
            return false;
        }
    } while (take(','));
    return take(']');
}

bool CanonicalReader::object(std::size_t depth) {
    ++at_;
    if (take('}')) {
        return depth > 0;
    }
    std::string_view previous;
    bool first = true;
    bool plain_so_far = true;
    do {
        std::string_view name;
        bool plain = true;
        if (depth == 0 || !member(depth - 1, name, plain)) {
            return false;
        }
        plain_so_far = plain_so_far && plain;
        if (!first && previous >= name) {
            // Equal names are wrong in any order; the rest is for the exact comparison.
            if (previous == name || plain_so_far) {
                return false;
            }
        }
        sure_ = sure_ && plain;
        previous = name;
        first = false;
    } while (take(','));
    return take('}');
}

bool CanonicalReader::member(std::size_t depth, std::string_view& name, bool& plain) {
    const std::uint32_t begin = here() + 1;
    special_ = false;
    if (at_ >= text_.size() || text_[at_] != '"' || !string()) {
        return false;
    }
    const std::uint32_t end = here() - 1;
    name = slice(begin, end);
    plain = !special_;
    const std::size_t index = nodes_.size();
    if (!take(':') || !value(depth)) {
        return false;
    }
    nodes_[index].name_begin = begin;
    nodes_[index].name_end = end;
    return true;
}

bool CanonicalReader::string() {
    ++at_;
    while (at_ < text_.size()) {
        if (at_ + sizeof(std::uint64_t) <= text_.size() && eight_plain(text_.data() + at_)) {
            at_ += sizeof(std::uint64_t);
            continue;
        }
        switch (kBytes[static_cast<unsigned char>(text_[at_])]) {
            case Byte::Plain:
                ++at_;
                break;
            case Byte::High:
                high_bytes_ = true;
                special_ = true;
                ++at_;
                break;
            case Byte::Quote:
                ++at_;
                return true;
            case Byte::Backslash:
                special_ = true;
                if (!escape()) {
                    return false;
                }
                break;
            case Byte::Control:
                return false;
        }
    }
    return false;
}

/// RFC 8785 section 3.2.2.2: the two-character forms where there is one, lower-case \u00xx for the
/// other control characters, and nothing else is escaped.
bool CanonicalReader::escape() {
    constexpr std::string_view kShort = "\"\\bfnrt";
    if (at_ + 1 < text_.size() && kShort.find(text_[at_ + 1]) != std::string_view::npos) {
        at_ += 2;
        return true;
    }
    if (text_.substr(at_, 4) != "\\u00" || at_ + 6 > text_.size()) {
        return false;
    }
    const char high = text_[at_ + 4];
    const char low = text_[at_ + 5];
    const bool hex = is_digit(low) || (low >= 'a' && low <= 'f');
    const bool has_short_form =
        high == '0' && (low == '8' || low == '9' || low == 'a' || low == 'c' || low == 'd');
    at_ += 6;
    return (high == '0' || high == '1') && hex && !has_short_form;
}

bool CanonicalReader::number() {
    const std::size_t begin = at_;
    take('-');
    const std::size_t digits = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
        ++at_;
    }
    const std::size_t count = at_ - digits;
    if (count == 0 || (text_[digits] == '0' && (count > 1 || digits != begin))) {
        // "-0", "007" and "-" are wrong; "-0.5" is a fraction.
        if (count != 1 || at_ >= text_.size() || text_[at_] != '.') {
            return false;
        }
    }
    const std::size_t whole = at_;
    constexpr std::string_view kFraction = "0123456789.eE+-";
    while (at_ < text_.size() && kFraction.find(text_[at_]) != std::string_view::npos) {
        ++at_;
    }
    sure_ = sure_ && at_ == whole && count <= kExactDigits;
    return true;
}

CanonicalReader::Value CanonicalReader::Value::member(std::string_view name) const {
    if (!is(Kind::Object)) {
        return {};
    }
    Value found;
    for (std::uint32_t i = index_ + 1; i < node().after; i = reader_->nodes_[i].after) {
        const Node& candidate = reader_->nodes_[i];
        if (reader_->slice(candidate.name_begin, candidate.name_end) == name) {
            found = Value(reader_, i);
            break;
        }
    }
    return found;
}

std::string_view CanonicalReader::Value::raw() const {
    return exists() ? reader_->slice(node().begin, node().end) : std::string_view();
}

std::string_view CanonicalReader::Value::text() const {
    return is(Kind::String) ? reader_->slice(node().begin + 1, node().end - 1) : std::string_view();
}

std::string_view CanonicalReader::Value::name() const {
    return exists() ? reader_->slice(node().name_begin, node().name_end) : std::string_view();
}

std::int64_t CanonicalReader::Value::integer_or(std::int64_t fallback) const {
    constexpr std::int64_t kMost = 999'999'999'999'999;
    return is(Kind::Number) ? text::parse_integer(raw(), -kMost, kMost).value_or(fallback)
                            : fallback;
}

}  // namespace countersign::audit
