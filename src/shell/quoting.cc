#include "shell/quoting.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace countersign::shell {

namespace {

int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 99;
}

/// Reads up to `most` digits of `base` at `at`; nullopt when there is none.
std::optional<std::uint32_t> read_digits(std::string_view text, std::size_t& at, int base,
                                         std::size_t most) {
    std::uint32_t value = 0;
    std::size_t count = 0;
    while (count < most && at < text.size() && digit_value(text[at]) < base) {
        value = value * static_cast<std::uint32_t>(base) +
                static_cast<std::uint32_t>(digit_value(text[at]));
        ++at;
        ++count;
    }
    return count == 0 ? std::nullopt : std::optional(value);
}

char simple_escape(char c) {
    switch (c) {
        case 'a':
            return '\a';
        case 'b':
            return '\b';
        case 'e':
        case 'E':
            return '\x1b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'v':
            return '\v';
        case '\\':
            return '\\';
        default:
            return '\0';
    }
}

enum class EscapeStyle { AnsiQuotes, Echo, Format };
enum class EscapeEnd { Goes, Stops, Unknown };

// One escape; `at` is behind the backslash. Non-ASCII \u depends on the locale.
EscapeEnd decode_escape(std::string_view text, std::size_t& at, EscapeStyle style,
                        std::string& out) {
    const char c = text[at];
    if (const char simple = simple_escape(c); simple != '\0') {
        out += simple;
        ++at;
        return EscapeEnd::Goes;
    }
    if ((c == '"' || c == '\'' || c == '?') && style != EscapeStyle::Echo) {
        out += c;
        ++at;
        return EscapeEnd::Goes;
    }
    if (c == 'c') {
        if (style == EscapeStyle::Echo) {
            return EscapeEnd::Stops;
        }
        if (style == EscapeStyle::Format || at + 1 >= text.size()) {
            return EscapeEnd::Unknown;
        }
        const char control = text[at + 1];
        if (control == '\\' || static_cast<unsigned char>(control) >= 0x80) {
            return EscapeEnd::Unknown;
        }
        const char upper =
            control >= 'a' && control <= 'z' ? static_cast<char>(control - 32) : control;
        out += upper == '?' ? '\x7f' : static_cast<char>(upper & 0x1f);
        at += 2;
        return EscapeEnd::Goes;
    }
    std::optional<std::uint32_t> value;
    if (c == 'x') {
        ++at;
        if (at < text.size() && text[at] == '{' && style == EscapeStyle::AnsiQuotes) {
            return EscapeEnd::Unknown;
        }
        value = read_digits(text, at, 16, 2);
        if (!value) {
            out += "\\x";
            return EscapeEnd::Goes;
        }
    } else if (c >= '0' && c <= '7') {
        if (style == EscapeStyle::Echo) {
            if (c != '0') {
                out += '\\';
                return EscapeEnd::Goes;
            }
            ++at;
            value = read_digits(text, at, 8, 3).value_or(0);
        } else {
            value = read_digits(text, at, 8, 3);
        }
    } else if (c == 'u' || c == 'U') {
        ++at;
        value = read_digits(text, at, 16, c == 'u' ? 4 : 8);
        if (!value || *value >= 0x80) {
            return EscapeEnd::Unknown;
        }
    } else {
        out += '\\';
        return EscapeEnd::Goes;
    }
    if ((*value & 0xff) == 0) {
        return EscapeEnd::Unknown;  // a NUL: what becomes of it differs by place
    }
    out += static_cast<char>(*value & 0xff);
    return EscapeEnd::Goes;
}

std::optional<std::string> decode(std::string_view text, EscapeStyle style, bool& stopped) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '\\' || at + 1 >= text.size()) {
            out += text[at++];
            continue;
        }
        ++at;
        const EscapeEnd end = decode_escape(text, at, style, out);
        if (end == EscapeEnd::Unknown) {
            return std::nullopt;
        }
        if (end == EscapeEnd::Stops) {
            stopped = true;
            break;
        }
    }
    return out;
}

struct Conversion {
    bool left = false;
    bool zero = false;
    bool plus = false;
    std::size_t width = 0;
    std::optional<std::size_t> precision;
    char kind = '\0';
};

bool read_conversion(std::string_view format, std::size_t& at, Conversion& conversion) {
    for (; at < format.size(); ++at) {
        if (format[at] == '-') {
            conversion.left = true;
        } else if (format[at] == '0') {
            conversion.zero = true;
        } else if (format[at] == '+' || format[at] == ' ' || format[at] == '#') {
            return false;
        } else {
            break;
        }
    }
    const auto number = [&](std::size_t& value) {
        const char* begin = format.data() + at;
        const auto parsed = std::from_chars(begin, format.data() + format.size(), value);
        at += static_cast<std::size_t>(parsed.ptr - begin);
        return parsed.ec != std::errc::result_out_of_range && value < 4096;
    };
    if (!number(conversion.width)) {
        return false;
    }
    if (at < format.size() && format[at] == '.') {
        ++at;
        std::size_t precision = 0;
        if (!number(precision)) {
            return false;
        }
        conversion.precision = precision;
    }
    if (at >= format.size()) {
        return false;
    }
    conversion.kind = format[at++];
    return true;
}

std::optional<std::int64_t> printf_number(const std::string& text) {
    if (text.empty()) {
        return 0;
    }
    if (text[0] == '\'' || text[0] == '"') {
        if (text.size() < 2) {
            return 0;
        }
        const auto byte = static_cast<unsigned char>(text[1]);
        return byte < 0x80 ? std::optional<std::int64_t>(byte) : std::nullopt;
    }
    std::string_view digits = text;
    const bool negative = digits.front() == '-';
    if (negative || digits.front() == '+') {
        digits.remove_prefix(1);
    }
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits.front() == '0') {
        base = 8;
    }
    std::int64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return negative ? -value : value;
}

std::optional<std::string> format_number(const Conversion& conversion, std::int64_t value) {
    if (conversion.precision || (value < 0 && conversion.kind != 'd' && conversion.kind != 'i')) {
        return std::nullopt;
    }
    const int base = conversion.kind == 'o'                             ? 8
                     : conversion.kind == 'x' || conversion.kind == 'X' ? 16
                                                                        : 10;
    std::array<char, 72> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base);
    std::string out(buffer.data(), written.ptr);
    if (conversion.kind == 'X') {
        for (char& c : out) {
            c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
        }
    }
    if (conversion.zero && !conversion.left && out.size() < conversion.width) {
        out.insert(value < 0 ? 1U : 0U, conversion.width - out.size(), '0');
    }
    return out;
}

std::optional<std::string> convert(const Conversion& conversion, const std::string& argument,
                                   bool& stopped) {
    std::optional<std::string> out;
    switch (conversion.kind) {
        case 's':
            out = argument;
            break;
        case 'b':
            out = decode(argument, EscapeStyle::Echo, stopped);
            if (argument.find("\\1") != std::string::npos ||
                argument.find("\\2") != std::string::npos ||
                argument.find("\\3") != std::string::npos ||
                argument.find("\\'") != std::string::npos ||
                argument.find("\\\"") != std::string::npos) {
                return std::nullopt;
            }
            break;
        case 'c':
            if (argument.empty() || static_cast<unsigned char>(argument[0]) >= 0x80) {
                return std::nullopt;
            }
            out = argument.substr(0, 1);
            break;
        case 'd':
        case 'i':
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
            const auto value = printf_number(argument);
            if (!value) {
                return std::nullopt;
            }
            out = format_number(conversion, *value);
            break;
        }
        default:
            return std::nullopt;
    }
    if (!out) {
        return std::nullopt;
    }
    if (conversion.precision && (conversion.kind == 's' || conversion.kind == 'b')) {
        for (const char c : *out) {
            if (static_cast<unsigned char>(c) >= 0x80) {
                return std::nullopt;
            }
        }
        *out = out->substr(0, *conversion.precision);
    }
    if (out->size() < conversion.width) {
        const std::size_t missing = conversion.width - out->size();
        out->insert(conversion.left ? out->size() : 0, missing, ' ');
    }
    return out;
}

// [...] at `at` (behind the bracket): whether it matches c; `at` moves behind the set. nullopt:
// a range or class that depends on the locale; unclosed gives `closed` false.
std::optional<bool> set_matches(std::string_view pattern, std::size_t& at, char c, bool& closed) {
    std::size_t i = at;
    const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
    if (negated) {
        ++i;
    }
    bool found = false;
    bool first = true;
    for (; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
        if (pattern[i] == '[' && i + 1 < pattern.size() &&
            (pattern[i + 1] == ':' || pattern[i + 1] == '.' || pattern[i + 1] == '=')) {
            return std::nullopt;
        }
        char low = pattern[i++];
        if (low == '\\' && i < pattern.size()) {
            low = pattern[i++];
        }
        char high = low;
        if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
            high = pattern[i + 1];
            i += 2;
            if (high == '\\' && i < pattern.size()) {
                high = pattern[i++];
            }
            const bool digits = low >= '0' && high <= '9';
            const bool ascii =
                static_cast<signed char>(low) > 0 && static_cast<signed char>(high) > 0;
            // globasciiranges is on by default: ASCII ranges go by code.
            if (!digits && !ascii) {
                return std::nullopt;
            }
        }
        found = found || (c >= low && c <= high);
    }
    closed = i < pattern.size();
    at = closed ? i + 1 : at;
    return found != negated;
}

}  // namespace

std::optional<std::string> decode_ansi_quotes(std::string_view text) {
    bool stopped = false;
    return decode(text, EscapeStyle::AnsiQuotes, stopped);
}

std::optional<std::string> echo_output(const std::vector<std::string>& arguments) {
    bool newline = true;
    bool escapes = false;
    std::size_t first = 0;
    for (; first < arguments.size(); ++first) {
        const std::string& option = arguments[first];
        if (option.size() < 2 || option[0] != '-' ||
            option.find_first_not_of("neE", 1) != std::string::npos) {
            break;
        }
        for (const char c : option.substr(1)) {
            newline = newline && c != 'n';
            escapes = c == 'e' || (escapes && c != 'E');
        }
    }
    std::string out;
    bool stopped = false;
    for (std::size_t i = first; i < arguments.size() && !stopped; ++i) {
        if (i > first) {
            out += ' ';
        }
        if (!escapes) {
            out += arguments[i];
            continue;
        }
        const auto decoded = decode(arguments[i], EscapeStyle::Echo, stopped);
        if (!decoded) {
            return std::nullopt;
        }
        out += *decoded;
    }
    if (newline && !stopped) {
        out += '\n';
    }
    return out;
}

std::optional<std::string> printf_output(const std::vector<std::string>& arguments) {
    std::size_t next = 0;
    if (next < arguments.size() && arguments[next] == "--") {
        ++next;
    } else if (next < arguments.size() && arguments[next].starts_with("-")) {
        return std::nullopt;
    }
    if (next >= arguments.size()) {
        return std::nullopt;
    }
    const std::string& format = arguments[next++];
    std::string out;
    bool stopped = false;
    do {
        const std::size_t started = next;
        bool converted = false;
        for (std::size_t at = 0; at < format.size() && !stopped;) {
            if (format[at] == '\\' && at + 1 < format.size()) {
                ++at;
                if (decode_escape(format, at, EscapeStyle::Format, out) != EscapeEnd::Goes) {
                    return std::nullopt;
                }
                continue;
            }
            if (format[at] != '%') {
                out += format[at++];
                continue;
            }
            ++at;
            if (at < format.size() && format[at] == '%') {
                out += '%';
                ++at;
                continue;
            }
            Conversion conversion;
            if (!read_conversion(format, at, conversion)) {
                return std::nullopt;
            }
            converted = true;
            const std::string argument = next < arguments.size() ? arguments[next++] : "";
            const auto piece = convert(conversion, argument, stopped);
            if (!piece || out.size() + piece->size() > 1024 * 1024) {
                return std::nullopt;
            }
            out += *piece;
        }
        if (!converted || next == started) {
            break;
        }
    } while (next < arguments.size() && !stopped);
    return out;
}

std::optional<bool> pattern_matches(std::string_view pattern, std::string_view text) {
    for (const std::string_view bytes : {pattern, text}) {
        for (const char c : bytes) {
            if (static_cast<unsigned char>(c) >= 0x80 && has_pattern(pattern)) {
                return std::nullopt;
            }
        }
    }
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size() || p < pattern.size()) {
        bool matched = false;
        if (p < pattern.size() && pattern[p] == '*') {
            star = ++p;
            star_text = t;
            continue;
        }
        if (p < pattern.size() && t < text.size()) {
            std::size_t after = p + 1;
            if (pattern[p] == '?') {
                matched = true;
            } else if (pattern[p] == '[') {
                bool closed = false;
                const auto in_set = set_matches(pattern, after, text[t], closed);
                if (!in_set) {
                    return std::nullopt;
                }
                matched = closed ? *in_set : text[t] == '[';
                after = closed ? after : p + 1;
            } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
                matched = pattern[p + 1] == text[t];
                after = p + 2;
            } else {
                matched = pattern[p] == text[t];
            }
            if (matched) {
                p = after;
                ++t;
                continue;
            }
        }
        if (star == std::string_view::npos || star_text >= text.size()) {
            return false;
        }
        p = star;
        t = ++star_text;
    }
    return true;
}

std::string escape_pattern(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

bool has_extended_pattern(std::string_view pattern) {
    for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i + 1] == '(' &&
                   std::string_view("?*+@!").find(pattern[i]) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

bool has_pattern(std::string_view pattern) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[') {
            return true;
        }
    }
    return false;
}

}  // namespace countersign::shell
