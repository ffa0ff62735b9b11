// Declarations and their undoing: declare, local, export, readonly, unset.
#include "shell/resolver.h"
#include "shell/token.h"

namespace countersign::shell {

namespace {

using Target = model::ResolvedCommand::Target;

}  // namespace

void Resolver::make_local(const std::string& name) {
    if (calls_.empty()) {
        return;
    }
    for (const Local& local : calls_.back().locals) {
        if (local.name == name) {
            return;
        }
    }
    const Variable* old = state_.variable(name);
    calls_.back().locals.push_back({name, old ? std::optional(*old) : std::nullopt, false});
}

/// Something acts on the variable below the one that is seen: unset shows an outer one again,
/// declare -g sets it. What the name means after each of the calls is then open.
bool Resolver::reach_through(const std::string& name) {
    bool found = false;
    for (CallFrame& frame : calls_) {
        for (Local& local : frame.locals) {
            if (local.name == name) {
                local.reached_through = found = true;
            }
        }
    }
    return found;
}

std::string Resolver::declared_flags(const Invocation& invocation, std::size_t& first) {
    std::string flags;
    const auto& argv = invocation.argv;
    while (first < argv.size() && argv[first].value && argv[first].value->size() > 1 &&
           (argv[first].value->starts_with("-") || argv[first].value->starts_with("+"))) {
        const std::string option = *argv[first].value;
        ++first;
        if (option == "--") {
            break;
        }
        if (option[0] == '-') {
            flags += option.substr(1);
        } else {
            flags += '+';
        }
    }
    return flags;
}

Status Resolver::builtin_declare(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    std::size_t first = 1;
    const std::string command = *invocation.argv.front().value;
    std::string flags = declared_flags(invocation, first);
    if (command == "export") {
        flags += 'x';
    } else if (command == "readonly") {
        flags += 'r';
    }
    const bool functions = flags.find_first_of("fF") != std::string::npos;
    if (first >= invocation.argv.size() || flags.find('p') != std::string::npos || functions) {
        if (functions && flags.find('x') != std::string::npos) {
            incomplete(invocation.span, "functions exported to the shells that are started");
        }
        write_output(invocation, std::nullopt, "a listing of variables");
        return Status::Unknown;
    }
    if (flags.find('n') != std::string::npos && command != "export") {
        incomplete(invocation.span, "a name reference");
    }
    const bool local = command == "local" || ((command == "declare" || command == "typeset") &&
                                              flags.find('g') == std::string::npos);
    if (command == "local" && calls_.empty()) {
        return Status::Failure;  // bash refuses it outside of a function
    }
    // Compound values are only in the written words.
    std::vector<const Word*> compound;
    for (const Word& word : invocation.words) {
        if (word.is_assignment()) {
            compound.push_back(&word);
        }
    }
    for (std::size_t i = first; i < invocation.argv.size(); ++i) {
        declare_one(invocation.argv[i],
                    {flags, local && !calls_.empty(), local, command == "export"}, compound);
    }
    return Status::Unknown;
}

/// One word of a declaration: NAME, NAME=VALUE or a compound value of the written words.
void Resolver::declare_one(const model::Word& word, const Declaration& how,
                           const std::vector<const Word*>& compound) {
    const std::string& flags = how.flags;
    const bool local = how.local;
    const std::string text = word.value ? *word.value : word.known_prefix;
    const std::size_t equals = text.find('=');
    const bool append = equals != std::string::npos && equals > 0 && text[equals - 1] == '+';
    const std::string name =
        text.substr(0, equals == std::string::npos ? equals : equals - (append ? 1U : 0U));
    if (!is_name(name) || (!word.value && equals == std::string::npos)) {
        incomplete(word.span, "a declaration of a name that is not known");
        return;
    }
    const bool global = !how.local && flags.find('g') != std::string::npos && !how.exports;
    if (global && reach_through(name)) {
        Variable open;
        open.assigned = true;
        open.value = Value::unknown("a variable declared below a local one");
        state_.set_variable(name, std::move(open));
        return;
    }
    std::optional<Local> before;
    if (local) {
        if (const Local* known = local_named(name)) {
            before = *known;
        }
        make_local(name);
    }
    const Variable* old = state_.variable(name);
    if (old != nullptr && old->readonly) {
        incomplete(word.span, "a declaration of a readonly variable");
    }
    // dash's local keeps the value that the name had outside.
    const bool posix = surroundings_.dialect == Dialect::Posix;
    const bool fresh = how.in_function && !before && !posix;
    Variable variable = old != nullptr && !fresh ? *old : Variable{};
    variable.exported = old != nullptr && old->exported;
    if (before && before->reached_through && equals == std::string::npos) {
        // A local variable takes over what stood before the call as an assignment.
        variable.value = Value::unknown("a local variable of an assigned one");
    }
    variable.integer = variable.integer || flags.find('i') != std::string::npos;
    variable.recased = variable.recased || flags.find_first_of("luc") != std::string::npos;
    variable.nameref = variable.nameref || (flags.find('n') != std::string::npos && !how.exports);
    const bool becomes_array = flags.find_first_of("aA") != std::string::npos;
    if (becomes_array && !variable.array) {
        variable.array = true;
        variable.associative = flags.find('A') != std::string::npos;
        variable.elements_known = !variable.associative && variable.value.is_known();
    }
    if (old == nullptr && equals == std::string::npos && (!how.in_function || posix) &&
        !becomes_array) {
        variable.value = initial_value(name);
    }
    variable.assigned = variable.assigned || equals != std::string::npos || local;
    variable.exported = (variable.exported || flags.find('x') != std::string::npos) &&
                        !(how.exports && flags.find('n') != std::string::npos);
    state_.set_variable(name, variable);
    if (equals != std::string::npos) {
        assign_declared(word, name, {equals, append}, compound);
    }
    if (flags.find('r') != std::string::npos) {
        Variable readonly = *state_.variable(name);
        readonly.readonly = true;
        state_.set_variable(name, readonly);
    }
}

void Resolver::assign_declared(const model::Word& word, const std::string& name,
                               const ValuePlace& at, const std::vector<const Word*>& compound) {
    const Word* written = nullptr;
    for (const Word* candidate : compound) {
        if (candidate->assignment->name == name && place(candidate->span) == word.span) {
            written = candidate;
        }
    }
    if (written != nullptr && written->assignment->compound) {
        assign_array(*written->assignment, word.span);
    } else if (written != nullptr && written->assignment->subscript != nullptr) {
        assign_element(*written->assignment, to_value(expand_single(*written)), word.span);
    } else {
        Value value = to_value(word);
        value.text = value.text.size() > at.equals ? value.text.substr(at.equals + 1) : "";
        if (!value.pieces.empty()) {
            std::string& first = value.pieces.front().text;  // holds the name and the "="
            first.erase(0, at.equals + 1);
            value.pieces.erase(value.pieces.begin(),
                               value.pieces.begin() + (first.empty() ? 1 : 0));
        }
        assign(name, value, at.append, word.span);
    }
}

/// The latest entry for the name among the calls that are being followed: its own call's, or an
/// assignment before an outer one.
const Resolver::Local* Resolver::local_named(const std::string& name) const {
    if (calls_.empty()) {
        return nullptr;
    }
    for (const Local& local : calls_.back().locals) {
        if (local.name == name) {
            return &local;
        }
    }
    for (auto frame = calls_.rbegin(); frame != calls_.rend(); ++frame) {
        for (const Local& local : frame->locals) {
            if (local.name == name && local.reached_through) {
                return &local;
            }
        }
    }
    return nullptr;
}

Status Resolver::builtin_unset(Invocation& invocation) {
    emit(invocation, Target::Builtin);
    std::size_t first = 1;
    const std::string flags = declared_flags(invocation, first);
    if (flags.find('n') != std::string::npos) {
        incomplete(invocation.span, "a name reference");
    }
    for (std::size_t i = first; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        const std::string name = word.value.value_or("");
        if (flags.find('f') == std::string::npos && !is_name(name)) {
            if (state_.function(name) == nullptr) {
                incomplete(word.span, "unset of a name that is not known, or of an element");
                continue;
            }
        }
        if (flags.find('f') != std::string::npos || !is_name(name)) {
            if (!word.value) {
                incomplete(word.span, "unset of a function that is not known");
            }
            state_.remove_function(name);
            continue;
        }
        unset_variable(name);
    }
    return Status::Unknown;
}

void Resolver::unset_variable(const std::string& name) {
    const Variable* old = state_.variable(name);
    if (old != nullptr && old->readonly) {
        return;
    }
    const Function* function = state_.function(name);
    const bool was_set = old != nullptr && (old->array || old->value.kind == Value::Kind::Text);
    if (function != nullptr && !was_set) {
        // Without such a variable it is the function that goes.
        Function open = *function;
        open.ambiguous = true;
        state_.set_function(name, open);
    }
    if (reach_through(name)) {
        Variable open;
        open.assigned = true;
        open.value = Value::unknown("variable " + name + " of an outer call");
        state_.set_variable(name, std::move(open));
        return;
    }
    state_.forget_variable(name);
}

}  // namespace countersign::shell
