// Compound commands: subshells, if, loops, case, [[ ]], coprocesses, function definitions.
#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

constexpr std::size_t kUnrolledMax = 1024;
constexpr std::size_t kLoopRunsMax = 6;

bool compares_numbers(std::string_view op) {
    return op == "-eq" || op == "-ne" || op == "-lt" || op == "-le" || op == "-gt" || op == "-ge";
}

}  // namespace

Status Resolver::run_subshell(const Script* body) {
    FlowScope scope(*this);
    flow_.own_shell = true;
    const State::Mark mark = state_.mark();
    state_.push_shell();
    const Status status = run_script(body);
    const bool ended = !alive();
    finish_traps();
    state_.pop_shell();
    state_.roll_back(mark);
    return ended ? Status::Unknown : status;
}

/// A failure in a condition ends no shell, whatever set -e says.
Status Resolver::run_condition(const Script* condition) {
    FlowScope scope(*this);
    flow_.errors_ignored = true;
    const Status status = run_script(condition);
    settle_directory(status);
    return status;
}

Status Resolver::run_if(const If& form) {
    std::vector<State::Delta> ways;
    bool open = true;  // some way still reaches the next condition
    const State::Mark start = state_.mark();
    FlowScope scope(*this);
    // Conditions run one after the other on the way to each branch, so each branch continues from
    // the state that they leave; a branch's own changes are taken back before the next condition.
    for (const IfClause& clause : form.clauses) {
        const Status status = run_condition(clause.condition);
        if (!alive()) {
            open = false;
            break;
        }
        if (status == Status::Failure) {
            continue;
        }
        if (status == Status::Unknown) {
            flow_.conditional = true;
            flow_.maybe = true;
        }
        const State::Mark mark = state_.mark();
        run_script(clause.body);
        settle_directory(Status::Unknown);
        if (status == Status::Success) {
            open = false;
            if (ways.empty()) {
                return Status::Unknown;  // the only way
            }
            ways.push_back(state_.take_delta(start));
            break;
        }
        // Keep the condition's own changes in this way's account: replay them from `start`.
        State::Delta way = state_.delta_since(start);
        state_.roll_back(mark);
        ways.push_back(std::move(way));
    }
    if (open) {
        if (form.otherwise != nullptr) {
            run_script(form.otherwise);
            settle_directory(Status::Unknown);
        }
        if (ways.empty()) {
            return Status::Unknown;
        }
        ways.push_back(state_.take_delta(start));
    } else if (!alive()) {
        ways.push_back(state_.take_delta(start));
    } else {
        state_.roll_back(start);
    }
    state_.join_alternatives(ways);
    return Status::Unknown;
}

/// Behind a loop: break and continue with a number leave the loop around it as well.
void Resolver::leave_loop(bool outer_left) {
    --loop_depth_;
    loop_left_far_ = loop_left_far_ && loop_depth_ > 0;
    loop_left_ = outer_left || loop_left_far_;
}

/// Runs `body` until another run would change nothing: the state at its start is then what any
/// number of runs can leave. Only the last run's commands stay listed.
template <class Body>
void Resolver::run_loop(Body&& body) {
    FlowScope scope(*this);
    flow_.conditional = true;
    flow_.looped = true;
    flow_.maybe = true;
    ++loop_depth_;
    const bool outer_left = std::exchange(loop_left_, false);
    state_.push_frame();
    for (std::size_t run = 0; run < kLoopRunsMax && alive(); ++run) {
        const std::size_t commands = facts_.commands.size();
        const std::size_t functions = facts_.functions.size();
        const State::Mark mark = state_.mark();
        const bool code_ran = unknown_code_ran_;
        // "continue" starts the next run with any of the values that this one had.
        state_.push_frame();
        body();
        settle_directory(Status::Unknown);
        state_.pop_frame(loop_left_ ? State::FrameEnd::JoinAll : State::FrameEnd::Keep);
        const bool changed = state_.changes_on_join(mark) || code_ran != unknown_code_ran_;
        state_.join_with_before(mark);
        if (!changed) {
            break;
        }
        if (run + 1 == kLoopRunsMax) {
            incomplete({}, "a loop whose values do not settle");
            break;
        }
        facts_.commands.resize(commands);
        facts_.functions.resize(functions);
    }
    state_.pop_frame(loop_left_ ? State::FrameEnd::JoinAll : State::FrameEnd::Keep);
    leave_loop(outer_left);
}

Status Resolver::run_while(const While& form) {
    const Status never = form.until ? Status::Success : Status::Failure;
    {
        // A condition that fails at once: the body never runs.
        const State::Mark mark = state_.mark();
        const std::size_t commands = facts_.commands.size();
        const std::size_t reasons = facts_.unresolved.size();
        const bool complete = facts_.complete;
        const Flow flow = flow_;
        const Status status = run_condition(form.condition);
        if (status == never || !alive()) {
            return Status::Success;
        }
        state_.roll_back(mark);
        facts_.commands.resize(commands);
        facts_.unresolved.resize(reasons);
        facts_.complete = complete;
        flow_ = flow;
    }
    run_loop([&] {
        const Status status = run_condition(form.condition);
        settle_ignoring_errors(Status::Unknown);
        if (alive() && status != never) {
            const State::Mark mark = state_.mark();
            run_script(form.body);
            state_.join_with_before(mark);
        }
    });
    return Status::Unknown;
}

/// Runs the body once for each item, in order, with its value.
template <class SetItem>
Status Resolver::run_unrolled(const Script* body, const std::vector<model::Word>& items,
                              SetItem&& set_item) {
    const bool outer_left = std::exchange(loop_left_, false);
    state_.push_frame();
    ++loop_depth_;
    {
        FlowScope scope(*this);
        flow_.looped = flow_.looped || items.size() > 1;
        for (const model::Word& item : items) {
            if (!alive()) {
                break;
            }
            set_item(to_value(item));
            state_.push_frame();
            run_script(body);
            settle_directory(Status::Unknown);
            state_.pop_frame(loop_left_ ? State::FrameEnd::JoinAll : State::FrameEnd::Keep);
            if (loop_left_) {
                flow_.conditional = flow_.maybe = true;
            }
        }
    }
    state_.pop_frame(loop_left_ ? State::FrameEnd::JoinAll : State::FrameEnd::Keep);
    leave_loop(outer_left);
    return items.empty() ? Status::Success : Status::Unknown;
}

Status Resolver::run_for(const For& form) {
    const bool plain =
        form.variable.parts.size() == 1 && form.variable.parts[0].kind == PartKind::Literal;
    const std::string name = plain ? std::string(form.variable.parts[0].text) : "";
    if (!plain) {
        incomplete(form.variable.span, "a loop variable that is not a plain name");
    }
    std::vector<model::Word> items;
    bool known = !form.select;
    if (form.has_in) {
        items = expand_words(form.items);
    } else if (state_.core().positional_known) {
        for (const Value& value : *state_.core().positional) {
            items.push_back(to_word(value, {}));
        }
    } else {
        known = false;
    }
    for (const model::Word& item : items) {
        known = known && !(item.splits && !item.value) && !item.glob;
    }
    const auto set_item = [&](const Value& value) {
        if (plain) {
            assign(name, value, false, form.variable.span);
        }
    };
    if (known && items.size() <= kUnrolledMax) {
        return run_unrolled(form.body, items, set_item);
    }
    Value any;
    bool first = true;
    for (const model::Word& item : items) {
        Value value = to_value(item);
        if (!item.value && item.splits) {
            value.text.clear();  // and pieces it has none
        }
        any = first ? value : join(any, value);
        first = false;
    }
    if (form.select || first) {
        any = Value::unknown(form.select ? "chosen by select" : "the arguments are not known");
        if (form.select && plain) {
            assign("REPLY", any, false, form.variable.span);
        }
    }
    run_loop([&] {
        set_item(any);
        run_script(form.body);
    });
    return Status::Unknown;
}

Status Resolver::run_arithmetic_for(const ArithmeticFor& form) {
    arithmetic_value(form.initial.parts, form.initial.span);
    const auto holds = [&]() -> std::optional<bool> {
        if (form.condition.parts.empty()) {
            return true;
        }
        const Value value = arithmetic_value(form.condition.parts, form.condition.span);
        if (!value.is_text()) {
            return std::nullopt;
        }
        return value.text != "0";
    };
    // Unrolled while the condition is known.
    const State::Mark start = state_.mark();
    const std::size_t commands = facts_.commands.size();
    const std::size_t functions = facts_.functions.size();
    Sink* sink = flow_.sink;
    const std::size_t written = sink == nullptr ? 0 : sink->text.size();
    const bool outer_left = std::exchange(loop_left_, false);
    state_.push_frame();
    ++loop_depth_;
    bool settled = false;
    {
        FlowScope scope(*this);
        flow_.looped = true;
        for (std::size_t i = 0; i < kUnrolledMax && alive() && !loop_left_; ++i) {
            const auto goes_on = holds();
            if (!goes_on) {
                break;
            }
            if (!*goes_on) {
                settled = true;
                break;
            }
            run_script(form.body);
            settle_directory(Status::Unknown);
            if (loop_left_) {
                break;
            }
            arithmetic_value(form.step.parts, form.step.span);
        }
    }
    const bool dead = !alive();
    state_.pop_frame(State::FrameEnd::Keep);
    leave_loop(outer_left);
    if (settled || dead) {
        return Status::Unknown;
    }
    state_.roll_back(start);
    facts_.commands.resize(commands);
    facts_.functions.resize(functions);
    if (sink != nullptr) {
        sink->text.resize(std::min(written, sink->text.size()));
    }
    run_loop([&] {
        holds();
        run_script(form.body);
        arithmetic_value(form.step.parts, form.step.span);
    });
    return Status::Unknown;
}

Resolver::Match Resolver::match_clause(const CaseClause& clause, const model::Word& subject) {
    Match match;
    for (const Word& word : clause.patterns) {
        std::optional<std::string> unknown;
        const State::Mark before = state_.mark();
        const std::string pattern = expand_pattern(word, unknown);
        if (state_.mark() != before) {
            incomplete(word.span, "a pattern that assigns a variable");
        }
        std::optional<bool> matches;
        if (!unknown && pattern == "*") {
            matches = true;
        } else if (!unknown && subject.value && !subject.glob) {
            matches = pattern_matches(pattern, *subject.value);
        }
        match.possible = match.possible || matches.value_or(true);
        match.certain = match.certain || matches.value_or(false);
        if (match.certain) {
            break;
        }
    }
    return match;
}

Status Resolver::run_case(const Case& form) {
    const model::Word subject = expand_single(form.subject);
    std::vector<State::Delta> ways;
    const State::Mark start = state_.mark();
    bool reached = true;  // no earlier clause certainly took it
    bool falls = false;   // the clause before may fall into this one
    FlowScope scope(*this);
    for (const CaseClause& clause : form.clauses) {
        const Match match = reached ? match_clause(clause, subject) : Match{};
        const bool certain = match.certain;
        const bool possible = falls || match.possible;
        if (!possible) {
            falls = false;
            continue;
        }
        const bool sure = certain && reached && !falls && ways.empty();
        if (!sure) {
            flow_.conditional = true;
            flow_.maybe = true;
        }
        if (falls && !ways.empty()) {
            // Falling in continues from what that clause left: joined with not having run it.
            const State::Delta either[] = {ways.back(), State::unchanged(state_.core())};
            state_.join_alternatives(either);
        }
        run_script(clause.body);
        settle_directory(Status::Unknown);
        const bool goes_on = clause.end != CaseEnd::Break;
        if (sure && !goes_on) {
            return Status::Unknown;
        }
        ways.push_back(state_.take_delta(start));
        falls = clause.end == CaseEnd::FallThrough;
        if (certain && clause.end != CaseEnd::TestNext) {
            reached = false;
        }
        if (clause.end == CaseEnd::TestNext) {
            falls = falls || !certain;
        }
        if (!reached && !falls) {
            break;
        }
    }
    if (reached || falls) {
        ways.push_back(State::unchanged(state_.core()));
    }
    if (!ways.empty()) {
        state_.join_alternatives(ways);
    }
    return Status::Unknown;
}

Status Resolver::run_arithmetic_command(const Word& expression) {
    const Value value = arithmetic_value(expression.parts, expression.span);
    if (!value.is_text()) {
        return Status::Unknown;
    }
    return value.text == "0" ? Status::Failure : Status::Success;
}

Status Resolver::run_test(const Test& test) {
    const auto negate = [](Status status) {
        return status == Status::Success   ? Status::Failure
               : status == Status::Failure ? Status::Success
                                           : Status::Unknown;
    };
    switch (test.kind) {
        case TestKind::Not:
            return negate(run_test(*test.first));
        case TestKind::Parentheses:
            return run_test(*test.first);
        case TestKind::And:
        case TestKind::Or: {
            const Status first = run_test(*test.first);
            const Status stops = test.kind == TestKind::And ? Status::Failure : Status::Success;
            if (first == stops) {
                return first;
            }
            FlowScope scope(*this);
            if (first == Status::Unknown) {
                flow_.conditional = flow_.maybe = true;
            }
            const State::Mark mark = state_.mark();
            const Status second = run_test(*test.second);
            if (first == Status::Unknown) {
                state_.join_with_before(mark);
                return second == stops ? stops : Status::Unknown;
            }
            return second;
        }
        case TestKind::Word:
        case TestKind::Unary:
        case TestKind::Binary:
            break;
    }
    if (test.kind == TestKind::Binary && compares_numbers(test.op)) {
        return run_number_test(test);
    }
    const model::Word left = expand_single(test.left);
    const bool known = left.value && !left.glob;
    if (test.kind == TestKind::Word || test.op == "-n" || test.op == "-z") {
        const bool empty = test.op == "-z";
        if (!known) {
            return !left.value && left.known_prefix.empty() ? Status::Unknown
                   : empty                                  ? Status::Failure
                                                            : Status::Success;
        }
        return left.value->empty() == empty ? Status::Success : Status::Failure;
    }
    if (test.kind == TestKind::Unary) {
        if (test.op == "-v" || test.op == "-R") {
            if (!known || left.value->find('[') != std::string::npos) {
                incomplete(test.left.span, "-v evaluates the subscript in its word");
            }
        }
        return Status::Unknown;
    }
    return run_binary_test(test, left);
}

Status Resolver::run_number_test(const Test& test) {
    const auto a = arithmetic_word(test.left);
    const auto b = arithmetic_word(test.right);
    if (!a || !b) {
        return Status::Unknown;
    }
    const bool holds = test.op == "-eq"   ? *a == *b
                       : test.op == "-ne" ? *a != *b
                       : test.op == "-lt" ? *a < *b
                       : test.op == "-le" ? *a <= *b
                       : test.op == "-gt" ? *a > *b
                                          : *a >= *b;
    return holds ? Status::Success : Status::Failure;
}

/// `left` is the expanded left word; the right one is expanded here, as each operator wants it.
Status Resolver::run_binary_test(const Test& test, const model::Word& left) {
    const bool known = left.value && !left.glob;
    if (test.op == "==" || test.op == "=" || test.op == "!=") {
        std::optional<std::string> unknown;
        const std::string pattern = expand_pattern(test.right, unknown);
        // [[ ]] matches extended globs whether extglob is set or not.
        if (unknown || !known || has_extended_pattern(pattern)) {
            return Status::Unknown;
        }
        const auto matches = pattern_matches(pattern, *left.value);
        if (!matches) {
            return Status::Unknown;
        }
        return *matches != (test.op == "!=") ? Status::Success : Status::Failure;
    }
    FieldBuilder aside = make_builder(Splitting::Single);
    expand_parts(test.right.parts, aside, Quoting::None);
    if (test.op == "=~") {
        Variable match;
        match.assigned = true;
        match.array = true;
        match.elements_known = false;
        state_.set_variable("BASH_REMATCH", match);
    }
    return Status::Unknown;
}

Status Resolver::run_coprocess(const Coprocess& form) {
    const std::string name = form.name && form.name->parts.size() == 1
                                 ? std::string(form.name->parts[0].text)
                                 : "COPROC";
    Variable descriptors;
    descriptors.assigned = true;
    descriptors.array = true;
    descriptors.elements_known = false;
    state_.set_variable(name, descriptors);
    Variable process;
    process.assigned = true;
    process.value = Value::number("a process number");
    state_.set_variable(name + "_PID", process);
    FlowScope scope(*this);
    model::InputSource input;
    input.kind = model::InputSource::Kind::Text;
    input.content = model::Word::unknown("what the shell sends to a coprocess");
    const InputScope own_input(*this, input);
    flow_.background = true;
    flow_.to_pipe = false;
    flow_.sink = nullptr;
    const State::Mark mark = state_.mark();
    state_.push_shell();
    run_command(*form.body);
    finish_traps();
    state_.pop_shell();
    state_.roll_back(mark);
    return Status::Success;
}

void Resolver::define_function(const FunctionDefinition& form, Span span) {
    std::string name;
    for (const Part& part : form.name.parts) {
        if (part.kind != PartKind::Literal) {
            incomplete(span, "a function whose name is quoted or expanded");
            return;
        }
        name += part.text;
    }
    if (state_.core().exports_all) {
        // Every bash that is started from now on finds it, and may call it in a program's place.
        incomplete(span, "a function that set -a exports");
    }
    Function function;
    function.body = form.body;
    function.name = name;
    state_.set_function(name, function);
    model::ShellDefinition definition;
    definition.name = name;
    definition.span = place(span);
    const std::size_t end = std::min<std::size_t>(span.end, source_.size());
    if (!fixed_span_ && span.begin < end) {
        definition.body = std::string(source_.substr(span.begin, end - span.begin));
    }
    if (facts_.functions.size() < limits::kShellCommandsMax) {
        facts_.functions.push_back(std::move(definition));
    }
}

}  // namespace countersign::shell
