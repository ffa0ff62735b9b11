// Operators of parameter expansion on known values: slices, cutting, replacing, changing case.
#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

bool is_ascii(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) {
            return false;
        }
    }
    return true;
}

/// The shortest or longest start (or end) of `text` that matches; npos: none. nullopt: not known.
std::optional<std::size_t> match_start(const std::string& pattern, std::string_view text,
                                       bool longest) {
    std::size_t found = std::string_view::npos;
    for (std::size_t n = 0; n <= text.size(); ++n) {
        const auto matches = pattern_matches(pattern, text.substr(0, n));
        if (!matches) {
            return std::nullopt;
        }
        if (*matches) {
            found = n;
            if (!longest) {
                break;
            }
        }
    }
    return found;
}

std::optional<std::string> cut(ParameterOperator op, const std::string& pattern,
                               const std::string& text) {
    const bool longest =
        op == ParameterOperator::CutLongPrefix || op == ParameterOperator::CutLongSuffix;
    if (op == ParameterOperator::CutPrefix || op == ParameterOperator::CutLongPrefix) {
        const auto n = match_start(pattern, text, longest);
        if (!n) {
            return std::nullopt;
        }
        return *n == std::string_view::npos ? text : text.substr(*n);
    }
    std::size_t found = std::string::npos;
    for (std::size_t n = 0; n <= text.size(); ++n) {
        const auto matches = pattern_matches(pattern, std::string_view(text).substr(n));
        if (!matches) {
            return std::nullopt;
        }
        if (*matches) {
            found = n;
            if (longest) {
                break;
            }
        }
    }
    return found == std::string::npos ? text : text.substr(0, found);
}

std::optional<std::string> replace(ParameterOperator op, const std::string& pattern,
                                   const std::string& replacement, const std::string& text) {
    if (pattern.empty()) {
        if (op == ParameterOperator::ReplacePrefix) {
            return replacement + text;
        }
        return op == ParameterOperator::ReplaceSuffix ? text + replacement : text;
    }
    if (op == ParameterOperator::ReplaceSuffix) {
        const auto kept = cut(ParameterOperator::CutLongSuffix, pattern, text);
        if (!kept) {
            return std::nullopt;
        }
        const auto whole = pattern_matches(pattern, std::string_view(text).substr(kept->size()));
        return whole.value_or(false) ? *kept + replacement : text;
    }
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto n = match_start(pattern, std::string_view(text).substr(at), true);
        if (!n) {
            return std::nullopt;
        }
        if (*n != std::string_view::npos && *n > 0) {
            out += replacement;
            at += *n;
            if (op != ParameterOperator::ReplaceAll) {
                break;
            }
        } else if (op == ParameterOperator::ReplacePrefix) {
            break;
        } else {
            out += text[at++];
        }
    }
    return out + text.substr(at);
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::optional<std::string> recase(ParameterOperator op, const std::string& pattern,
                                  std::string text) {
    const bool first_only = op == ParameterOperator::UpperFirst ||
                            op == ParameterOperator::LowerFirst ||
                            op == ParameterOperator::ToggleFirst;
    if (!is_ascii(text)) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < text.size() && (i == 0 || !first_only); ++i) {
        const auto matches =
            pattern.empty() ? std::optional(true) : pattern_matches(pattern, text.substr(i, 1));
        if (!matches) {
            return std::nullopt;
        }
        if (!*matches) {
            continue;
        }
        switch (op) {
            case ParameterOperator::UpperFirst:
            case ParameterOperator::UpperAll:
                text[i] = upper(text[i]);
                break;
            case ParameterOperator::LowerFirst:
            case ParameterOperator::LowerAll:
                text[i] = lower(text[i]);
                break;
            default:
                text[i] = upper(text[i]) != text[i] ? upper(text[i]) : lower(text[i]);
                break;
        }
    }
    return text;
}

}  // namespace

Value Resolver::apply_to_value(const Parameter& parameter, const Value& value,
                               const std::string& pattern, const std::string& replacement) {
    if (value.kind == Value::Kind::Unset) {
        return value;
    }
    if (!value.is_text()) {
        return Value::unknown(value.why.empty() ? "made from a file name" : value.why);
    }
    if (!spend(1 + value.text.size() * value.text.size() / 256)) {
        return Value::unknown("a longer text than is followed here");
    }
    std::optional<std::string> text;
    if (parameter.op >= ParameterOperator::CutPrefix &&
        parameter.op <= ParameterOperator::CutLongSuffix) {
        text = cut(parameter.op, pattern, value.text);
    } else if (parameter.op >= ParameterOperator::ReplaceFirst &&
               parameter.op <= ParameterOperator::ReplaceSuffix) {
        text = replace(parameter.op, pattern, replacement, value.text);
    } else {
        text = recase(parameter.op, pattern, value.text);
    }
    return text ? Value::known(*text) : Value::unknown("depends on the locale");
}

void Resolver::apply_slice(const Parameter& parameter, Expansion& expansion) {
    const State::Mark mark = state_.mark();
    const auto offset = arithmetic_word(parameter.first);
    const auto length =
        parameter.has_second ? arithmetic_word(parameter.second) : std::optional<std::int64_t>(0);
    state_.join_with_before(mark);
    const bool list = expansion.list || expansion.star;
    const Value* value = expansion.values.empty() ? nullptr : &expansion.values.front();
    const bool known = offset && length && expansion.known &&
                       (list || (value != nullptr && value->is_known() && is_ascii(value->text)));
    if (!known) {
        expansion.known = !list;
        expansion.why = "a slice that is not known";
        expansion.values = {Value::unknown(expansion.why)};
        return;
    }
    std::vector<Value> items = expansion.values;
    const bool arguments = list && (parameter.name == "@" || parameter.name == "*");
    if (arguments) {
        items.insert(items.begin(), special_parameter('0'));
    }
    const auto size = static_cast<std::int64_t>(list ? items.size() : value->text.size());
    std::int64_t begin = *offset;
    if (begin < 0) {
        begin += size;
    }
    std::int64_t end = size;
    if (parameter.has_second) {
        end = *length < 0 ? size + *length : begin + *length;
    }
    if (parameter.has_second && *length < 0 && list) {
        expansion.known = false;
        expansion.why = "a slice with a negative length";
        return;
    }
    end = std::min(end, size);
    const bool nothing = begin < 0 || begin >= size || end <= begin;
    if (list) {
        if (!arguments && expansion.values.size() != 0 && nothing) {
            expansion.values.clear();
            return;
        }
        expansion.values.clear();
        for (std::int64_t i = begin; !nothing && i < end; ++i) {
            expansion.values.push_back(items[static_cast<std::size_t>(i)]);
        }
        return;
    }
    const std::string text = nothing ? ""
                                     : value->text.substr(static_cast<std::size_t>(begin),
                                                          static_cast<std::size_t>(end - begin));
    expansion.values = {Value::known(text)};
}

void Resolver::apply_operator(const Parameter& parameter, Expansion& expansion, Span span) {
    switch (parameter.op) {
        case ParameterOperator::None:
            return;
        case ParameterOperator::Slice:
            if (parameter.subscript != nullptr && (expansion.list || expansion.star)) {
                const Variable* variable = state_.variable(std::string(parameter.name));
                const bool dense = variable != nullptr && !variable->elements.empty() &&
                                   variable->elements.begin()->first == 0 &&
                                   variable->elements.rbegin()->first + 1 ==
                                       static_cast<std::int64_t>(variable->elements.size());
                expansion.known = expansion.known && dense;
            }
            apply_slice(parameter, expansion);
            return;
        case ParameterOperator::Transform: {
            const bool prompt = !parameter.first.parts.empty() &&
                                parameter.first.parts[0].text.find('P') != std::string_view::npos;
            for (Value& value : expansion.values) {
                if (value.kind == Value::Kind::Unset || (value.is_text() && value.text.empty())) {
                    continue;
                }
                const bool plain =
                    value.is_text() && value.text.find_first_of("$`\\") == std::string::npos;
                if (prompt && !plain) {
                    incomplete(span, "@P runs what is in the value");
                }
                value = Value::unknown("a transformed value");
            }
            return;
        }
        default:
            break;
    }
    std::optional<std::string> unknown;
    // bash expands the pattern only where there is a value to apply it to.
    const State::Mark mark = state_.mark();
    const std::string pattern = expand_pattern(parameter.first, unknown);
    const model::Word replacement = expand_single(parameter.second);
    state_.join_with_before(mark);
    if (!replacement.value) {
        unknown = replacement.why_unknown;
    } else if (replacement.value->find_first_of("&\\") != std::string::npos) {
        unknown = "a replacement that may stand for what was matched";
    }
    for (Value& value : expansion.values) {
        if (unknown && !(value.is_known() && value.text.empty())) {
            value = Value::unknown(*unknown);
        } else if (!unknown) {
            value = apply_to_value(parameter, value, pattern, replacement.value.value_or(""));
        }
    }
}

}  // namespace countersign::shell
