// Parameter expansion: $x, ${x...} on what is known of the value.
#include <algorithm>

#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"
#include "shell/token.h"

namespace countersign::shell {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_ascii(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) {
            return false;
        }
    }
    return true;
}

/// What bash sets to a number when it starts, whatever the environment says.
constexpr std::string_view kNumbers[] = {"RANDOM", "SRANDOM", "SECONDS", "LINENO",
                                         "UID",    "EUID",    "PPID",    "EPOCHSECONDS",
                                         "OPTIND", "BASHPID", "SHLVL",   "HISTCMD"};
constexpr std::string_view kNumbersOfDash[] = {"LINENO", "PPID", "OPTIND"};

bool is_number_of_shell(std::string_view name, Dialect dialect) {
    const std::span<const std::string_view> names =
        dialect == Dialect::Bash ? std::span<const std::string_view>(kNumbers) : kNumbersOfDash;
    return std::ranges::find(names, name) != names.end();
}

/// What bash itself sets again between commands, so that an assignment says little. The value that
/// was assigned may still be there: arithmetic on it runs what is in it.
bool set_by_bash(std::string_view name) {
    static constexpr std::string_view kNames[] = {
        "_",         "RANDOM",  "SRANDOM",    "SECONDS",      "LINENO",        "BASHPID",
        "OPTIND",    "HISTCMD", "PIPESTATUS", "EPOCHSECONDS", "EPOCHREALTIME", "FUNCNAME",
        "GROUPS",    "COLUMNS", "LINES",      "BASH_COMMAND", "DIRSTACK",      "BASH_SUBSHELL",
        "BASH_ARGV", "OPTARG",  "UID",        "EUID",         "PPID",          "BASH_LINENO",
        "BASH_ARGC", "OLDPWD",  "BASH_SOURCE"};
    for (const std::string_view entry : kNames) {
        if (entry == name) {
            return true;
        }
    }
    return false;
}

bool names_list(const Word* subscript, char which) {
    return subscript != nullptr && subscript->parts.size() == 1 &&
           subscript->parts[0].kind == PartKind::Literal && subscript->parts[0].text.size() == 1 &&
           subscript->parts[0].text[0] == which;
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

/// What a variable has that the text does not assign: what the environment gave it, unless bash
/// sets it itself or unknown code could have set it.
Value Resolver::initial_value(const std::string& name) const {
    Value value = Value::initial(name);
    if (unknown_code_ran_ || set_by_bash(name) || name.starts_with("BASH")) {
        value.pieces.clear();
    }
    return value;
}

Value Resolver::variable_value(const std::string& name) {
    const Variable* variable = state_.variable(name);
    if (name == "PWD" && (variable == nullptr || !variable->assigned)) {
        const auto& directory = state_.core().directory;
        return directory ? Value::known(std::string(*directory))
                         : Value::unknown("the working directory is not known");
    }
    if (variable != nullptr && variable->nameref) {
        return Value::unknown("variable " + name + " refers to another one");
    }
    if (variable == nullptr) {
        if (is_number_of_shell(name, surroundings_.dialect)) {
            return Value::number("variable " + name + " is a number that changes");
        }
        return initial_value(name);
    }
    if (variable->array) {
        if (!variable->elements_known || variable->associative) {
            return Value::unknown("elements of " + name + " are not known");
        }
        const auto first = variable->elements.find(0);
        return first == variable->elements.end() ? Value{} : first->second;
    }
    if (set_by_bash(name) && variable->value.is_known()) {
        return Value::unknown("variable " + name + " is set by the shell itself");
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
                       !variable->associative && !set_by_bash(parameter.name);
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
    if (variable->array && at < 0) {
        expansion.values.push_back(Value::unknown("a subscript that bash refuses"));
    } else if (variable->array) {
        const auto found = variable->elements.find(at);
        expansion.values.push_back(found == variable->elements.end() ? Value{} : found->second);
    } else {
        expansion.values.push_back(at == 0  ? variable->value
                                   : at < 0 ? Value::unknown("a subscript that bash refuses")
                                            : Value{});
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
    if (!builder.splits() && expansion.values.size() > 1) {
        // One word of several: a blank between them, but for another IFS, where contexts differ.
        const Variable* separators = state_.variable("IFS");
        const bool usual = separators != nullptr && (separators->value == Value::known(" \t\n") ||
                                                     separators->value == Value{});
        builder.expansion(
            usual ? join_star(expansion) : Value::unknown("values joined with another IFS"),
            quoting);
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
    // ${X:-} and ${X:?} are the value itself where bash goes on.
    const bool same = parameter.first.parts.empty() && (parameter.op == ParameterOperator::Default);
    const bool itself =
        !list && expansion.values.size() == 1 && (same || parameter.op == ParameterOperator::Error);
    if (!itself) {
        expansion.values = {Value::unknown(why)};
    }
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

std::optional<std::string> Resolver::read(const std::string& name) {
    const Value value = variable_value(name);
    if (!value.is_known()) {
        return std::nullopt;
    }
    // dash takes a number for a value and refuses an expression.
    const bool number =
        !value.text.empty() && value.text.find_first_not_of("0123456789") == std::string::npos;
    if (surroundings_.dialect == Dialect::Posix && !number) {
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
