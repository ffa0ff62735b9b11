// Assignments: scalars, arrays, elements, and the variables that change what later commands mean.
#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

/// Variables that are in nearly every environment, so that assigning them changes what programs
/// get, or that programs act on.
constexpr std::string_view kUsuallyExported[] = {
    "PATH",   "HOME",   "SHELL", "USER",   "LOGNAME",  "PWD", "LANG",   "LC_ALL",  "TERM",
    "EDITOR", "VISUAL", "PAGER", "TMPDIR", "BASH_ENV", "ENV", "CDPATH", "DISPLAY", "MAIL"};

bool usually_exported(const std::string& name) {
    for (const std::string_view known : kUsuallyExported) {
        if (known == name) {
            return true;
        }
    }
    return name.starts_with("LD_") || name.starts_with("LC_");
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

// With `listed`: the assignment stands before a command and changes nothing here.
void Resolver::apply_assignment(const Word& word, std::vector<model::Assignment>* listed) {
    const AssignmentForm& form = *word.assignment;
    const std::string name(form.name);
    if (form.compound) {
        if (listed == nullptr) {
            assign_array(form, word.span);
        } else {
            listed->push_back({name, model::Word::unknown("an array", place(word.span)), false});
        }
        return;
    }
    const model::Word value = expand_single(word);
    if (listed != nullptr) {
        model::Assignment assignment;
        assignment.name = name;
        assignment.value = value;
        assignment.append = form.append;
        listed->push_back(std::move(assignment));
        if (form.subscript != nullptr) {
            expand_single(*form.subscript);
        }
        return;
    }
    if (form.subscript != nullptr) {
        assign_element(form, to_value(value), word.span);
        return;
    }
    assign(name, to_value(value), form.append, word.span);
}

void Resolver::assign(const std::string& name, Value value, bool append, Span span) {
    spend(1);
    const Variable* old = state_.variable(name);
    Variable variable = old != nullptr ? *old : Variable{};
    if (variable.readonly) {
        incomplete(span, "an assignment to a readonly variable");
    }
    if (variable.nameref) {
        incomplete(span, "an assignment through a name reference");
    }
    if (variable.integer && !(value.is_text() && all_digits(value.text) &&
                              (value.text.size() == 1 || value.text[0] != '0'))) {
        if (!value.is_text()) {
            if (value.kind != Value::Kind::Number) {
                incomplete(span, "arithmetic on a value that is not known");
            }
            value = Value::number("a computed number");
        } else {
            const ArithmeticResult result = evaluate_arithmetic(value.text, *this);
            if (result.may_execute || result.invalid) {
                incomplete(span, "arithmetic on a value that is not known");
            }
            value = result.value && !append ? Value::known(std::to_string(*result.value))
                                            : Value::number("a computed number");
        }
    }
    if (append && (variable.array || variable.integer)) {
        if (variable.array && !variable.associative && variable.elements_known) {
            Value& first = variable.elements[0];
            first = Value::unknown("text appended to an array's first element");
        }
        value = variable.integer ? Value::number("a computed number") : value;
    } else if (append) {
        value = concatenate(variable_value(name), value);
        if (!spend(value.text.size() / 64)) {
            value = Value::unknown("a longer text than is followed here");
        }
    }
    if (variable.recased && !(value.is_known() && value.text.empty())) {
        value = Value::unknown("letter case changed by a declaration");
    }
    note_special_variable(name, value, span);
    if (variable.array && !append) {
        if (variable.elements_known && !variable.associative) {
            variable.elements[0] = value;
        } else {
            variable.elements_known = false;
        }
    }
    variable.value = std::move(value);
    variable.assigned = true;
    variable.exported = variable.exported || usually_exported(name) || state_.core().exports_all ||
                        (surroundings_.variables.count(name) != 0);
    state_.set_variable(name, std::move(variable));
}

void Resolver::note_special_variable(const std::string& name, const Value& value, Span span) {
    if (name == "PS4" &&
        !(value.is_text() && value.text.find_first_of("$`\\") == std::string::npos)) {
        incomplete(span, "PS4 is expanded before each traced command");
    }
    if (name == "POSIXLY_CORRECT" || name == "BASH_CMDS" || name == "BASH_ALIASES" ||
        name == "SHELLOPTS" || name == "BASHOPTS" || name == "BASH_COMPAT" ||
        name == "BASH_ARGV0" || name == "BASH_XTRACEFD") {
        incomplete(span, "variable " + name + " changes how bash reads what follows");
    }
}

void Resolver::assign_array(const AssignmentForm& form, Span span) {
    const std::string name(form.name);
    const Variable* old = state_.variable(name);
    Variable variable = old != nullptr ? *old : Variable{};
    if (!form.append || !variable.array) {
        // Without an assignment in the text it may stand in the environment.
        const Value first = old != nullptr ? variable.value : variable_value(name);
        variable.elements.clear();
        variable.elements_known = !variable.associative && (!form.append || first.is_known());
        if (form.append && first.is_text()) {
            variable.elements[0] = first;
        }
    }
    note_special_variable(name, Value::unknown("an array"), span);
    variable.array = true;
    variable.assigned = true;
    std::int64_t next = variable.elements.empty() ? 0 : variable.elements.rbegin()->first + 1;
    for (const Element& element : form.elements) {
        if (element.subscript != nullptr) {
            if (variable.associative) {
                expand_single(*element.subscript);
                expand_single(element.value);
                continue;
            }
            const auto index = arithmetic_word(*element.subscript);
            const Value value = to_value(expand_single(element.value));
            if (!index || element.append || *index < 0) {
                variable.elements_known = false;
                continue;
            }
            variable.elements[*index] = value;
            next = *index + 1;
            continue;
        }
        for (const model::Word& word :
             expand_words(std::span<const Word>(&element.value, 1), Declaring::Elements)) {
            if ((!word.value && word.splits) || word.glob) {
                variable.elements_known = false;
            }
            variable.elements[next++] = to_value(word);
        }
    }
    if (variable.integer || variable.recased || variable.associative || variable.nameref) {
        variable.elements_known = false;
        if (variable.integer) {
            incomplete(span, "arithmetic in an array of integers");
        }
    }
    if (!variable.elements_known) {
        variable.elements.clear();
    }
    if (spend(1 + variable.elements.size() / 8)) {
        state_.set_variable(name, std::move(variable));
    }
}

void Resolver::assign_element(const AssignmentForm& form, const Value& value, Span span) {
    const std::string name(form.name);
    const Variable* old = state_.variable(name);
    Variable variable = old != nullptr ? *old : Variable{};
    note_special_variable(name, Value::unknown("an array"), span);
    std::optional<std::int64_t> index;
    if (variable.associative) {
        expand_single(*form.subscript);
    } else if (old == nullptr || !variable.assigned) {
        // Not an array of this text; whether its subscript is arithmetic is certain all the same.
        index = arithmetic_word(*form.subscript);
    } else {
        index = arithmetic_word(*form.subscript);
    }
    if (variable.integer) {
        incomplete(span, "arithmetic in an array of integers");
    }
    if (!variable.array) {
        variable.array = true;
        variable.elements_known = variable.value.is_known() && old != nullptr;
        if (variable.value.is_text()) {
            variable.elements[0] = variable.value;
        }
    }
    if (!index || *index < 0 || form.append || !variable.elements_known) {
        variable.elements_known = false;
        variable.elements.clear();
    } else {
        variable.elements[*index] = value;
    }
    variable.assigned = true;
    if (spend(1 + variable.elements.size() / 8)) {
        state_.set_variable(name, std::move(variable));
    }
}

}  // namespace countersign::shell
