#include "text/json.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/limits.h"
#include "text/utf8.h"

namespace countersign::text {
namespace {

namespace json = boost::json;

// Builds the value itself instead of json::parse, for two reasons. Boost.JSON keeps the last of two
// members with one name; which one a reader elsewhere keeps is anyone's guess, so a document with a
// duplicate is refused (RFC 8259 section 4): members are counted as the parser sees them, and a
// value that holds fewer had a duplicate. And Boost.JSON 1.81 reads doubles to within a few units
// in the last place; digests over canonical JSON need the nearest double, which std::from_chars
// gives.
class Builder {
public:
    constexpr static std::size_t max_object_size = std::size_t(-1);
    constexpr static std::size_t max_array_size = std::size_t(-1);
    constexpr static std::size_t max_key_size = std::size_t(-1);
    constexpr static std::size_t max_string_size = std::size_t(-1);

    Builder() : stack_(json::storage_ptr(), room_.data(), room_.size()) {
        // One block for the whole document, given back at once with the value.
        stack_.reset(json::make_shared_resource<json::monotonic_resource>());
    }
    [[nodiscard]] std::size_t members() const { return members_; }
    json::value release() { return stack_.release(); }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t count, json::error_code&) {
        members_ += count;
        stack_.push_object(count);
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t count, json::error_code&) {
        stack_.push_array(count);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_key(part);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_string(part);
        return true;
    }
    bool on_number_part(json::string_view part, json::error_code&) {
        number_ += std::string_view(part);
        return true;
    }
    bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
        number_.clear();
        stack_.push_int64(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
        number_.clear();
        stack_.push_uint64(number);
        return true;
    }
    bool on_double(double approximate, json::string_view part, json::error_code& failure) {
        number_ += std::string_view(part);
        double exact = approximate;
        const auto [end, problem] =
            std::from_chars(number_.data(), number_.data() + number_.size(), exact);
        // Out of range is not an error to the grammar; RFC 8785 cannot print it, so it is to us.
        if (problem != std::errc() || end != number_.data() + number_.size()) {
            failure = json::error::exponent_overflow;
            return false;
        }
        number_.clear();
        stack_.push_double(exact);
        return true;
    }
    bool on_bool(bool value, json::error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(json::error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    std::array<unsigned char, 4096> room_;  ///< for the stack; a larger document takes more
    json::value_stack stack_;
    std::string number_;
    std::size_t members_ = 0;
};

std::size_t count_members(const json::value& value) {
    std::size_t count = 0;
    if (const auto* object = value.if_object()) {
        count += object->size();
        for (const auto& member : *object) {
            count += count_members(member.value());
        }
    } else if (const auto* array = value.if_array()) {
        for (const auto& element : *array) {
            count += count_members(element);
        }
    }
    return count;
}

// --- Canonical form -------------------------------------------------------------------------

std::u16string utf16(std::string_view text) {
    std::u16string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto point = decode_utf8(text, at).value_or(CodePoint{0xFFFD, 1});
        if (point.value >= 0x10000) {
            out += static_cast<char16_t>(0xD800 + ((point.value - 0x10000) >> 10U));
            out += static_cast<char16_t>(0xDC00 + ((point.value - 0x10000) & 0x3FFU));
        } else {
            out += static_cast<char16_t>(point.value);
        }
        at += point.length;
    }
    return out;
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

// Byte order and UTF-16 order agree for ASCII, which nearly all of our names are.
bool utf16_less(std::string_view a, std::string_view b) {
    return is_ascii(a) && is_ascii(b) ? a < b : utf16(a) < utf16(b);
}

void write_string(std::string& out, std::string_view text) {
    append_json_string(out, text);
}

// ECMAScript Number::toString (ECMA-262 section 6.1.6.1.20) from the shortest round-trip digits.
Result<void> write_double(std::string& out, double number) {
    if (!std::isfinite(number)) {
        return Error(ErrorCode::Malformed, "a JSON number must be finite");
    }
    if (number == 0) {
        out += '0';
        return {};
    }
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                   std::chars_format::scientific);
    std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
    if (text.front() == '-') {
        out += '-';
        text.remove_prefix(1);
    }
    const std::size_t e = text.find('e');
    std::string digits(1, text[0]);
    if (e > 2) {
        digits += text.substr(2, e - 2);
    }
    int exponent = 0;
    const std::string_view power = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    const int count = static_cast<int>(digits.size());
    const int point = exponent + 1;
    if (count <= point && point <= 21) {
        out += digits + std::string(static_cast<std::size_t>(point - count), '0');
    } else if (0 < point && point <= 21) {
        out += digits.substr(0, static_cast<std::size_t>(point)) + "." +
               digits.substr(static_cast<std::size_t>(point));
    } else if (-6 < point && point <= 0) {
        out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
    } else {
        out += digits.substr(0, 1);
        if (count > 1) {
            out += "." + digits.substr(1);
        }
        out += std::string("e") + (exponent < 0 ? "-" : "+") + std::to_string(std::abs(exponent));
    }
    return {};
}

Result<void> write_canonical(std::string& out, const json::value& value);

Result<void> write_object(std::string& out, const json::object& object) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(object.size());
    for (const auto& member : object) {
        members.push_back(&member);
    }
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
        return utf16_less(std::string_view(a->key()), std::string_view(b->key()));
    });
    out += '{';
    bool first = true;
    for (const auto* member : members) {
        if (!first) {
            out += ',';
        }
        first = false;
        write_string(out, member->key());
        out += ':';
        TRY(write_canonical(out, member->value()));
    }
    out += '}';
    return {};
}

Result<void> write_canonical(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            return {};
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return {};
        case json::kind::int64:
        case json::kind::uint64: {
            // RFC 8785 knows doubles only; integers that a double cannot hold print as the double.
            constexpr std::int64_t kExactMax = std::int64_t{1} << 53;
            if (const auto* whole = value.if_int64();
                whole != nullptr && *whole <= kExactMax && *whole >= -kExactMax) {
                out += std::to_string(*whole);
                return {};
            }
            const bool negative = value.kind() == json::kind::int64;
            const double number = negative ? static_cast<double>(value.get_int64())
                                           : static_cast<double>(value.get_uint64());
            return write_double(out, number);
        }
        case json::kind::double_:
            return write_double(out, value.get_double());
        case json::kind::string:
            write_string(out, value.get_string());
            return {};
        case json::kind::array: {
            out += '[';
            bool first = true;
            for (const auto& element : value.get_array()) {
                if (!first) {
                    out += ',';
                }
                first = false;
                TRY(write_canonical(out, element));
            }
            out += ']';
            return {};
        }
        case json::kind::object:
            return write_object(out, value.get_object());
    }
    return Error(ErrorCode::Internal, "unknown JSON kind");
}

}  // namespace

Result<json::value> parse_json(std::string_view document, std::size_t bytes_max) {
    if (document.size() > bytes_max) {
        return Error(ErrorCode::LimitExceeded,
                     "document longer than " + std::to_string(bytes_max) + " bytes");
    }
    json::parse_options options;
    options.max_depth = limits::kJsonDepthMax;
    json::basic_parser<Builder> parser(options);
    json::error_code failure;
    const std::size_t used = parser.write_some(false, document.data(), document.size(), failure);
    if (failure == json::error::too_deep) {
        return Error(ErrorCode::LimitExceeded, "document nested too deeply");
    }
    if (failure || used != document.size()) {
        return Error(ErrorCode::Malformed,
                     "not JSON at byte " + std::to_string(used) + ": " +
                         (failure ? failure.message() : "more bytes after the document"));
    }
    json::value value = parser.handler().release();
    if (count_members(value) != parser.handler().members()) {
        return Error(ErrorCode::Malformed, "a member name occurs twice in one object");
    }
    return value;
}

namespace {

bool stands_for_itself(char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

/// The first byte from `at` on that is written another way. Eight bytes at a time: each of the
/// three terms has a top bit set where a byte is below 0x20, or equal to the quote or backslash
/// (Mycroft's test, H. S. Warren, Hacker's Delight, 6-1).
std::size_t first_escaped(std::string_view text, std::size_t at) {
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    constexpr std::uint64_t kTops = 0x8080808080808080U;
    const auto below = [](std::uint64_t block, std::uint64_t bound) {
        return (block - kOnes * bound) & ~block & kTops;
    };
    for (std::uint64_t block = 0; at + sizeof block <= text.size(); at += sizeof block) {
        std::memcpy(&block, text.data() + at, sizeof block);
        if ((below(block, 0x20) | below(block ^ (kOnes * '"'), 1) |
             below(block ^ (kOnes * '\\'), 1)) != 0) {
            break;
        }
    }
    while (at < text.size() && stands_for_itself(text[at])) {
        ++at;
    }
    return at;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain = 0;  // start of the bytes that stand for themselves and are not copied yet
    for (std::size_t i = first_escaped(text, 0); i < text.size(); i = first_escaped(text, i + 1)) {
        const char c = text[i];
        out += text.substr(plain, i - plain);
        plain = i + 1;
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\b':
                out += "\\b";
                break;
            case '\f':
                out += "\\f";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default: {
                std::array<char, 8> buffer{};
                std::snprintf(buffer.data(), buffer.size(), "\\u%04x", static_cast<unsigned>(c));
                out += buffer.data();
            }
        }
    }
    out += text.substr(plain);
    out += '"';
}

Result<std::string> canonical_json(const json::value& value) {
    std::string out;
    TRY(write_canonical(out, value));
    return out;
}

ObjectReader::ObjectReader(const json::value& value, std::string_view what) : what_(what) {
    object_ = value.if_object();
    if (object_ == nullptr) {
        failure_ = Error(ErrorCode::Malformed, what_ + ": must be an object");
    }
}

void ObjectReader::fail(std::string_view name, std::string_view why) {
    if (!failure_) {
        failure_ = Error(ErrorCode::Malformed,
                         what_ + ": \"" + std::string(name) + "\" " + std::string(why));
    }
}

const json::value* ObjectReader::find(std::string_view name, bool required) {
    seen_.emplace_back(name);
    if (object_ == nullptr) {
        return nullptr;
    }
    const json::value* value = object_->if_contains({name.data(), name.size()});
    if (value != nullptr && !required && value->is_null()) {
        return nullptr;
    }
    if (value == nullptr && required) {
        fail(name, "is missing");
    }
    return value;
}

std::string ObjectReader::string(std::string_view name, std::size_t bytes_max) {
    const json::value* value = find(name, true);
    if (value == nullptr) {
        return {};
    }
    const json::string* text = value->if_string();
    if (text == nullptr) {
        fail(name, "must be a string");
        return {};
    }
    if (text->size() > bytes_max) {
        fail(name, "is longer than " + std::to_string(bytes_max) + " bytes");
        return {};
    }
    return std::string(text->data(), text->size());
}

std::int64_t ObjectReader::integer(std::string_view name, std::int64_t least, std::int64_t most) {
    const json::value* value = find(name, true);
    if (value == nullptr) {
        return least;
    }
    const std::int64_t* number = value->if_int64();
    if (number == nullptr || *number < least || *number > most) {
        fail(name, "must be a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most));
        return least;
    }
    return *number;
}

bool ObjectReader::boolean(std::string_view name) {
    const json::value* value = find(name, true);
    if (value == nullptr) {
        return false;
    }
    if (!value->is_bool()) {
        fail(name, "must be true or false");
        return false;
    }
    return value->get_bool();
}

const json::value* ObjectReader::member(std::string_view name) {
    return find(name, true);
}

const json::value* ObjectReader::optional_member(std::string_view name) {
    return find(name, false);
}

std::vector<std::string> ObjectReader::strings(std::string_view name, std::size_t count_max,
                                               std::size_t bytes_max) {
    std::vector<std::string> out;
    const json::value* value = find(name, true);
    if (value == nullptr) {
        return out;
    }
    const json::array* array = value->if_array();
    if (array == nullptr || array->size() > count_max) {
        fail(name, "must be an array of at most " + std::to_string(count_max) + " strings");
        return out;
    }
    for (const json::value& element : *array) {
        const json::string* text = element.if_string();
        if (text == nullptr || text->size() > bytes_max) {
            fail(name, "must hold strings of at most " + std::to_string(bytes_max) + " bytes");
            return {};
        }
        out.emplace_back(text->data(), text->size());
    }
    return out;
}

std::string ObjectReader::string_or(std::string_view name, std::size_t bytes_max,
                                    std::string fallback) {
    return find(name, false) == nullptr ? std::move(fallback) : string(name, bytes_max);
}

std::optional<std::string> ObjectReader::optional_string(std::string_view name,
                                                         std::size_t bytes_max) {
    if (find(name, false) == nullptr) {
        return std::nullopt;
    }
    return string(name, bytes_max);
}

std::int64_t ObjectReader::integer_or(std::string_view name, std::int64_t least, std::int64_t most,
                                      std::int64_t fallback) {
    return find(name, false) == nullptr ? fallback : integer(name, least, most);
}

bool ObjectReader::boolean_or(std::string_view name, bool fallback) {
    return find(name, false) == nullptr ? fallback : boolean(name);
}

std::vector<std::string> ObjectReader::strings_or_empty(std::string_view name,
                                                        std::size_t count_max,
                                                        std::size_t bytes_max) {
    return find(name, false) == nullptr ? std::vector<std::string>()
                                        : strings(name, count_max, bytes_max);
}

void ObjectReader::ignore_unknown() {
    ignore_unknown_ = true;
}

Result<void> ObjectReader::finish() {
    if (failure_) {
        return *failure_;
    }
    if (ignore_unknown_) {
        return {};
    }
    for (const auto& member : *object_) {
        const std::string_view name(member.key());
        if (std::find(seen_.begin(), seen_.end(), name) == seen_.end()) {
            return Error(ErrorCode::Malformed, what_ + ": unknown member \"" +
                                                   visible(name, limits::kNameBytesMax) + "\"");
        }
    }
    return {};
}

}  // namespace countersign::text
