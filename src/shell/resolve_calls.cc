// What the name of a simple command means: function, builtin or program; and how long the
// assignments before it last.
#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

constexpr std::size_t kCallDepthMax = 12;

/// Builtins that may make an assignment before them last: they set the variable itself.
constexpr std::string_view kSetsVariables[] = {"declare", "typeset", "local", "export", "readonly"};

/// POSIX special builtins, before which dash keeps the assignments.
constexpr std::string_view kSpecial[] = {":",    ".",     "break",  "continue", "eval",
                                         "exec", "exit",  "export", "readonly", "return",
                                         "set",  "shift", "times",  "trap",     "unset"};

template <std::size_t N>
bool listed(const std::string_view (&names)[N], std::string_view name) {
    for (const std::string_view entry : names) {
        if (entry == name) {
            return true;
        }
    }
    return false;
}

Variable not_assigned(const std::string& name) {
    Variable unknown;
    unknown.value = Value::initial(name);
    return unknown;
}

}  // namespace

const model::InputSource& Resolver::input_here() const {
    const auto& moved = state_.core().moved_input;
    return moved != nullptr ? *moved : *flow_.input;
}

bool Resolver::may_fail(std::span<const model::Redirection> redirections) const {
    using Kind = model::Redirection::Kind;
    for (const model::Redirection& redirection : redirections) {
        const std::string_view target =
            redirection.target.value ? std::string_view(*redirection.target.value) : "";
        const bool standard = target == "0" || target == "1" || target == "2";
        const bool sure = redirection.kind == Kind::HereText || redirection.kind == Kind::Close ||
                          (redirection.kind == Kind::Duplicate && standard) ||
                          (redirection.kind != Kind::Duplicate && target == "/dev/null" &&
                           !redirection.target.glob);
        if (!sure || (descriptors_moved_ && redirection.kind != Kind::Close)) {
            return true;
        }
    }
    return false;
}

void Resolver::put_back(const std::string& name, const std::optional<Variable>& before) {
    state_.set_variable(name, before ? *before : not_assigned(name));
}

void Resolver::replace_variable(const model::Assignment& assignment, Span span) {
    const Variable* old = state_.variable(assignment.name);
    if (old != nullptr && (old->readonly || old->nameref)) {
        incomplete(span, "an assignment to a readonly variable or a name reference");
    }
    Variable variable;
    variable.value = to_value(assignment.value);
    variable.assigned = true;
    variable.exported = true;
    if (assignment.append) {
        variable.value = concatenate(variable_value(assignment.name), variable.value);
    }
    note_special_variable(assignment.name, variable.value, span);
    state_.set_variable(assignment.name, std::move(variable));
}

std::vector<Resolver::Replaced> Resolver::enter_assignments(const Invocation& invocation) {
    std::vector<Replaced> replaced;
    for (const model::Assignment& assignment : invocation.assignments) {
        const Variable* old = state_.variable(assignment.name);
        replaced.push_back({assignment.name, old != nullptr ? std::optional(*old) : std::nullopt});
        replace_variable(assignment, invocation.span);
    }
    return replaced;
}

/// bash takes such an assignment back, together with what the command assigned to the variable:
/// except where the command declared, exported or unset it, in ways that differ. So what the
/// command touched is not known afterwards.
void Resolver::leave_assignments(const std::vector<Replaced>& replaced, State::Mark mark,
                                 Outliving outliving) {
    for (auto item = replaced.rbegin(); item != replaced.rend(); ++item) {
        if (outliving == Outliving::Untouched && !state_.touched_since(mark, item->name)) {
            put_back(item->name, item->before);
            continue;
        }
        Variable open;
        open.assigned = true;
        open.exported = true;
        open.value = Value::unknown("assigned before a command that may have kept it");
        if (item->before && (item->before->array || item->before->integer)) {
            open.array = item->before->array;
            open.elements_known = false;
            open.integer = item->before->integer;
        }
        state_.set_variable(item->name, std::move(open));
    }
}

Status Resolver::dispatch(Invocation& invocation) {
    const model::Word& name = invocation.argv.front();
    if (!name.value || name.glob) {
        if (name.value) {
            incomplete(name.span, "the program's name is a pattern", model::Unresolved::Kind::Word);
        }
        emit(invocation, model::ResolvedCommand::Target::Unknown);
        write_output(invocation, std::nullopt, "output of a command that is not known");
        return Status::Unknown;
    }
    const std::string_view text = *name.value;
    const Function* function = invocation.skip_functions ? nullptr : state_.function(text);
    if (function != nullptr && !function->ambiguous) {
        return call_function(*function, invocation);
    }
    if (function != nullptr) {
        incomplete(name.span, "which function " + *name.value + " is depends on the way taken");
        FlowScope scope(*this);
        flow_.conditional = flow_.maybe = true;
        const State::Mark mark = state_.mark();
        const Function copy = *function;
        call_function(copy, invocation);
        state_.join_with_before(mark);
    }
    const BuiltinEntry* builtin = find_builtin(text);
    if (builtin != nullptr && is_builtin(text)) {
        return run_builtin(*builtin, invocation);
    }
    if (invocation.only_builtins) {
        emit(invocation, model::ResolvedCommand::Target::Builtin);
        return Status::Failure;
    }
    return run_external(invocation);
}

Status Resolver::run_builtin(const BuiltinEntry& builtin, Invocation& invocation) {
    if (invocation.argv.size() == 2 && invocation.argv[1].value == std::string("--help") &&
        builtin.name != "echo" && builtin.name != "true" && builtin.name != "false" &&
        builtin.name != ":" && builtin.name != "test" && builtin.name != "[" &&
        surroundings_.dialect == Dialect::Bash) {
        return builtin_plain(invocation);  // it prints its usage and does nothing else
    }
    const bool posix = surroundings_.dialect == Dialect::Posix;
    if (invocation.assignments.empty() || builtin.name == "command" || builtin.name == "builtin") {
        return (this->*builtin.run)(invocation);
    }
    const std::vector<Replaced> replaced = enter_assignments(invocation);
    const State::Mark mark = state_.mark();
    const Status status = (this->*builtin.run)(invocation);
    if (!(posix && listed(kSpecial, builtin.name))) {
        const bool sets = listed(kSetsVariables, builtin.name);
        leave_assignments(replaced, mark, sets ? Outliving::Nothing : Outliving::Untouched);
    }
    return status;
}

Status Resolver::call_function(const Function& function, Invocation& invocation) {
    if (calls_.size() >= kCallDepthMax) {
        incomplete(invocation.span, "calls nested deeper than is followed here");
        emit(invocation, model::ResolvedCommand::Target::Function);
        write_output(invocation, std::nullopt, "output of a function");
        return Status::Unknown;
    }
    if (!invocation.redirections.empty() || !invocation.assignments.empty()) {
        Invocation opening;
        opening.redirections = invocation.redirections;
        opening.assignments = invocation.assignments;
        opening.span = invocation.span;
        emit(opening, model::ResolvedCommand::Target::Builtin);
    }
    FlowScope scope(*this);
    std::optional<InputScope> own_input;
    if (invocation.moves_input()) {
        own_input.emplace(*this, invocation.input);
    }
    if (invocation.output_moved) {
        flow_.to_pipe = false;
        flow_.sink = nullptr;
    }
    const std::vector<Replaced> replaced = enter_assignments(invocation);
    const State::Mark mark = state_.mark();
    calls_.emplace_back();
    for (const Replaced& item : replaced) {
        calls_.back().locals.push_back({item.name, item.before, true});
    }
    const std::size_t given = replaced.size();
    run_body(function, invocation);
    CallFrame frame = std::move(calls_.back());
    calls_.pop_back();
    for (std::size_t i = frame.locals.size(); i > given; --i) {
        const Local& local = frame.locals[i - 1];
        if (local.reached_through) {
            state_.set_variable(local.name, not_assigned(local.name));
        } else {
            put_back(local.name, local.outer);
        }
    }
    leave_assignments(
        replaced, mark,
        surroundings_.dialect == Dialect::Posix ? Outliving::Nothing : Outliving::Untouched);
    return Status::Unknown;
}

/// The function's commands with its arguments in the place of the caller's.
void Resolver::run_body(const Function& function, const Invocation& invocation) {
    const auto outer_arguments = state_.core().positional;
    const bool outer_known = state_.core().positional_known;
    Core core = state_.core();
    std::vector<Value> arguments;
    core.positional_known = true;
    for (std::size_t i = 1; i < invocation.argv.size(); ++i) {
        const model::Word& word = invocation.argv[i];
        core.positional_known =
            core.positional_known && !word.glob && !(word.splits && !word.value);
        arguments.push_back(to_value(word));
    }
    core.positional = keep(std::move(arguments));
    state_.set_core(core);
    state_.push_frame();
    const bool outer_left = std::exchange(loop_left_, false);
    const std::size_t outer_depth = std::exchange(loop_depth_, 0);
    run_command(*function.body);
    loop_depth_ = outer_depth;
    loop_left_ = outer_left;
    state_.pop_frame(calls_.back().returned ? State::FrameEnd::JoinAll : State::FrameEnd::Keep);
    core = state_.core();
    core.positional = outer_arguments;
    core.positional_known = outer_known;
    state_.set_core(core);
}

}  // namespace countersign::shell
