// Parameter expansion: $x, ${x...} on what is known of the value.
#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name(std::string_view text) {
    if (text.empty() || is_digit(text[0])) {
        return false;
    }
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !is_digit(c)) {
            return false;
        }
    }
    return true;
}

bool is_ascii(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) {
            return false;
        }
    }
    return true;
}

constexpr std::string_view kNumbers[] = {"RANDOM",  "SRANDOM", "SECONDS",      "LINENO", "UID",
                                         "EUID",    "PPID",    "EPOCHSECONDS", "OPTIND", "COLUMNS",
                                         "BASHPID", "SHLVL",   "HISTCMD",      "LINES"};

bool names_list(const Word* subscript, char which) {
    return subscript != nullptr && subscript->parts.size() == 1 &&
           subscript->parts[0].kind == PartKind::Literal && subscript->parts[0].text.size() == 1 &&
           subscript->parts[0].text[0] == which;
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

Value Resolver::special_parameter(char c) {
    switch (c) {
        case '#':
            if (state_.core().positional_known) {
                return Value::known(std::to_string(state_.core().positional->size()));
            }
            return Value::number("the number of arguments is not known");
        case '?':
        case '$':
            return Value::number("a number that only the running shell knows");
        case '!':
            return Value::unknown("the last background process");
        case '0':
            return surroundings_.zero ? Value::known(*surroundings_.zero)
                                      : Value::unknown("the name of the shell is not known");
        default:
            return Value::unknown("the options of the running shell");
    }
}

Value Resolver::variable_value(const std::string& name) {
    const Variable* variable = state_.variable(name);
    if (name == "PWD" && (variable == nullptr || !variable->assigned)) {
        const auto& directory = state_.core().directory;
        return directory ? Value::known(*directory)
                         : Value::unknown("the working directory is not known");
    }
    if (variable != nullptr && variable->nameref) {
        return Value::unknown("variable " + name + " refers to another one");
    }
    for (const std::string_view number : kNumbers) {
        if (name == number) {
            return Value::number("variable " + name + " is a number that changes");
        }
    }
    if (variable == nullptr) {
        return Value::unknown("variable " + name + " is not assigned in this text");
    }
    if (variable->array) {
        if (!variable->elements_known || variable->associative) {
            return Value::unknown("elements of " + name + " are not known");
        }
        const auto first = variable->elements.find(0);
        return first == variable->elements.end() ? Value{} : first->second;
    }
    return variable->value;
}

Resolver::Expansion Resolver::positional_list(bool star) {
    Expansion expansion;
    expansion.list = !star;
    expansion.star = star;
    expansion.known = state_.core().positional_known;
    expansion.why = "the arguments are not known";
    if (expansion.known) {
        expansion.values = *state_.core().positional;
    }
    return expansion;
}

Resolver::Expansion Resolver::lookup_array(const Parameter& parameter, const Variable* variable) {
    Expansion expansion;
    expansion.list = names_list(parameter.subscript, '@');
    expansion.star = names_list(parameter.subscript, '*');
    const bool known = variable != nullptr && !variable->nameref && variable->elements_known &&
                       !variable->associative;
    expansion.why = "elements of " + std::string(parameter.name) + " are not known";
    if (expansion.list || expansion.star) {
        expansion.known = known && (variable->array || variable->value.is_known());
        if (expansion.known && variable->array) {
            for (const auto& [index, value] : variable->elements) {
                expansion.values.push_back(parameter.indirect ? Value::known(std::to_string(index))
                                                              : value);
            }
        } else if (expansion.known && variable->value.is_text()) {
            expansion.values.push_back(parameter.indirect ? Value::known("0") : variable->value);
        }
        return expansion;
    }
    if (parameter.indirect) {
        incomplete(parameter.subscript->span, "an indirect array element");
        expansion.values.push_back(Value::unknown("an indirect array element"));
        return expansion;
    }
    if (variable != nullptr && variable->associative) {
        expand_single(*parameter.subscript);
        expansion.values.push_back(Value::unknown(expansion.why));
        return expansion;
    }
    const auto index = arithmetic_word(*parameter.subscript);
    if (!known || !index) {
        expansion.values.push_back(Value::unknown(expansion.why));
        return expansion;
    }
    std::int64_t at = *index;
    if (variable->array && at < 0 && !variable->elements.empty()) {
        at += variable->elements.rbegin()->first + 1;
    }
    if (variable->array) {
        const auto found = variable->elements.find(at);
        expansion.values.push_back(found == variable->elements.end() ? Value{} : found->second);
    } else {
        expansion.values.push_back(at == 0 || at == -1 ? variable->value : Value{});
    }
    return expansion;
}

std::optional<std::int64_t> Resolver::arithmetic_word(const Word& word) {
    const Value value = arithmetic_value(word.parts, word.span);
    std::int64_t number = 0;
    if (!value.is_text()) {
        return std::nullopt;
    }
    const bool negative = value.text.starts_with('-');
    for (const char c : value.text.substr(negative ? 1 : 0)) {
        if (!is_digit(c) || number > 100'000'000'000'000'000) {
            return std::nullopt;
        }
        number = number * 10 + (c - '0');
    }
    return negative ? -number : number;
}

Resolver::Expansion Resolver::lookup(const Parameter& parameter) {
    const std::string name(parameter.name);
    if (parameter.subscript != nullptr) {
        return lookup_array(parameter, state_.variable(name));
    }
    if (parameter.indirect && parameter.op != ParameterOperator::NamesMatching) {
        Parameter inner = parameter;
        inner.indirect = false;
        const Expansion first = lookup(inner);
        Expansion expansion;
        if (first.known && first.values.empty()) {
            expansion.values.push_back({});
            return expansion;
        }
        const bool text = first.known && first.values.size() == 1 && first.values[0].is_text();
        const std::string target = text ? first.values[0].text : "";
        const bool digits = !target.empty() && target.size() < 9 &&
                            target.find_first_not_of("0123456789") == std::string::npos;
        if (text && (is_name(target) || digits || target == "@" || target == "*")) {
            inner.name = arena_.copy(std::string_view(target));
            return lookup(inner);
        }
        expansion.values.push_back(Value::unknown("which variable is meant is not known"));
        incomplete({}, "an indirect expansion through a value that is not known");
        return expansion;
    }
    Expansion expansion;
    if (name == "@" || name == "*") {
        return positional_list(name == "*");
    }
    if (is_digit(name[0]) && name != "0") {
        std::size_t index = 0;
        for (const char c : name) {
            index = index > 1'000'000 ? index : index * 10 + static_cast<std::size_t>(c - '0');
        }
        if (!state_.core().positional_known) {
            expansion.values.push_back(Value::unknown("the arguments are not known"));
        } else if (index == 0 || index > state_.core().positional->size()) {
            expansion.values.push_back({});
        } else {
            expansion.values.push_back((*state_.core().positional)[index - 1]);
        }
        return expansion;
    }
    const bool plain = is_name(name);
    expansion.values.push_back(plain ? variable_value(name) : special_parameter(name[0]));
    return expansion;
}

Value Resolver::join_star(const Expansion& expansion) {
    const Variable* separators = state_.variable("IFS");
    if (separators == nullptr || !separators->value.is_known()) {
        return Value::unknown("IFS is not known");
    }
    const std::string& ifs = separators->value.text;
    const bool unset = separators->value.kind == Value::Kind::Unset;
    const std::string between = unset ? " " : ifs.substr(0, 1);
    Value joined = Value::known("");
    for (std::size_t i = 0; i < expansion.values.size(); ++i) {
        const Value& value = expansion.values[i];
        if (!value.is_known()) {
            Value partial = Value::unknown(value.why.empty() ? "a file name" : value.why);
            return partial;
        }
        joined.text += (i == 0 ? "" : between) + value.text;
        if (!spend(1 + value.text.size() / 64)) {
            return Value::unknown("more text than is followed here");
        }
    }
    return joined;
}

void Resolver::insert(const Expansion& expansion, FieldBuilder& builder, Quoting quoting) {
    if (!expansion.known) {
        builder.expansion(Value::unknown(expansion.why), expansion.star ? quoting : Quoting::None);
        return;
    }
    if (expansion.star && quoting == Quoting::Quoted) {
        builder.present();
        builder.expansion(join_star(expansion), quoting);
        return;
    }
    for (std::size_t i = 0; i < expansion.values.size(); ++i) {
        // Values double ("x=$x$x" in a loop): what is copied is work as well.
        if (!spend(1 + expansion.values[i].text.size() / 64)) {
            builder.expansion(Value::unknown("more text than is followed here"), Quoting::None);
            return;
        }
        if (i > 0) {
            builder.next_element();
        }
        if (quoting == Quoting::Quoted && (expansion.list || !expansion.star)) {
            if (expansion.list) {
                builder.present();
            }
        }
        builder.expansion(expansion.values[i], quoting);
    }
}

void Resolver::expand_parameter(const Part& part, FieldBuilder& builder, Quoting quoting) {
    const Parameter& parameter = *part.parameter;
    if (parameter.op == ParameterOperator::NamesMatching) {
        builder.expansion(Value::unknown("the names of variables"), Quoting::None);
        return;
    }
    Expansion expansion = lookup(parameter);
    if (parameter.length) {
        if (expansion.list || expansion.star) {
            expansion.values = {expansion.known
                                    ? Value::known(std::to_string(expansion.values.size()))
                                    : Value::number(expansion.why)};
        } else {
            const Value& value = expansion.values.front();
            const bool known = value.is_known() && is_ascii(value.text);
            expansion.values = {known ? Value::known(std::to_string(value.text.size()))
                                      : Value::number("a length that is not known")};
        }
        expansion.list = expansion.star = false;
        expansion.known = true;
        insert(expansion, builder, quoting);
        return;
    }
    if (parameter.op >= ParameterOperator::Default &&
        parameter.op <= ParameterOperator::Alternative) {
        if (apply_default(parameter, expansion, builder, quoting, part.span)) {
            insert(expansion, builder, quoting);
        }
        return;
    }
    apply_operator(parameter, expansion, part.span);
    insert(expansion, builder, quoting);
}

/// Inserts the operator's word, as the quoting around the parameter reads it.
void Resolver::insert_default(const Parameter& parameter, FieldBuilder& builder, Quoting quoting) {
    for (std::size_t i = 0; i < parameter.first.parts.size(); ++i) {
        const Part& part = parameter.first.parts[i];
        if (part.kind != PartKind::Literal || quoting == Quoting::Quoted) {
            expand_part(part, builder, quoting);
        } else if (i == 0 && part.text.starts_with("~")) {
            const std::string_view rest =
                expand_tilde(part.text, builder, parameter.first.parts.size() == 1);
            builder.expansion(Value::known(std::string(rest)), quoting);
        } else {
            builder.expansion(Value::known(std::string(part.text)), quoting);
        }
    }
}

/// Whether the parameter is set is not known: both ways count, and the result is unknown.
void Resolver::apply_open_default(const Parameter& parameter, Expansion& expansion,
                                  Quoting quoting) {
    const bool list = expansion.list || expansion.star;
    FieldBuilder aside = make_builder(Splitting::Fields);
    FlowScope scope(*this);
    flow_.conditional = true;
    flow_.maybe = true;
    const State::Mark mark = state_.mark();
    expand_parts(parameter.first.parts, aside, quoting);
    if (parameter.op == ParameterOperator::AssignDefault) {
        Variable unknown;
        unknown.assigned = true;
        unknown.value = Value::unknown("a default that may have been assigned");
        state_.set_variable(std::string(parameter.name), unknown);
    }
    state_.join_with_before(mark);
    std::string why = expansion.why;
    for (const Value& value : expansion.values) {
        why = value.why.empty() ? why : value.why;
    }
    expansion.values = {Value::unknown(why)};
    expansion.known = !list;
}

/// True when `expansion` is what to insert; false when the operator's word was inserted instead.
bool Resolver::apply_default(const Parameter& parameter, Expansion& expansion,
                             FieldBuilder& builder, Quoting quoting, Span span) {
    bool decided = expansion.known;
    bool present = false;
    const bool list = expansion.list || expansion.star;
    for (const Value& value : expansion.values) {
        decided = decided && (value.kind != Value::Kind::Unknown);
        const bool set = value.kind != Value::Kind::Unset;
        const bool filled = value.kind != Value::Kind::Text || !value.text.empty();
        present = present || (set && (filled || !parameter.colon));
    }
    if (list && decided && parameter.colon && expansion.values.size() > 1) {
        present = true;  // the joined values hold at least a separator
    }
    if (!decided) {
        apply_open_default(parameter, expansion, quoting);
        return true;
    }
    switch (parameter.op) {
        case ParameterOperator::Alternative:
            if (present) {
                insert_default(parameter, builder, quoting);
            }
            return false;
        case ParameterOperator::Error:
            if (!present) {
                incomplete(span, "bash stops here with an error");
            }
            return true;
        case ParameterOperator::AssignDefault: {
            if (present) {
                return true;
            }
            Word word = parameter.first;
            const model::Word value = expand_single(word);
            if (!is_name(parameter.name) || parameter.subscript != nullptr) {
                incomplete(span, "a default assigned to something other than a variable");
                return true;
            }
            assign(std::string(parameter.name), to_value(value), false, span);
            expansion.values = {to_value(value)};
            return true;
        }
        default:
            if (present) {
                return true;
            }
            insert_default(parameter, builder, quoting);
            return false;
    }
}

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
    const auto offset = arithmetic_word(parameter.first);
    const auto length =
        parameter.has_second ? arithmetic_word(parameter.second) : std::optional<std::int64_t>(0);
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
    const std::string pattern = expand_pattern(parameter.first, unknown);
    const model::Word replacement = expand_single(parameter.second);
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

std::optional<std::string> Resolver::read(const std::string& name) {
    const Value value = variable_value(name);
    if (!value.is_known()) {
        return std::nullopt;
    }
    return value.text;
}

bool Resolver::is_number(const std::string& name) {
    return variable_value(name).kind == Value::Kind::Number;
}

void Resolver::write(const std::string& name, std::optional<std::int64_t> value) {
    assign(name, value ? Value::known(std::to_string(*value)) : Value::number("a computed number"),
           false, {});
}

}  // namespace countersign::shell
