// Lists, pipelines and compound commands: which of them run, and what they leave behind.
#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

constexpr std::size_t kUnrolledMax = 1024;
constexpr std::size_t kLoopRunsMax = 6;

}  // namespace

Status Resolver::run_script(const Script* script) {
    Status status = Status::Success;
    if (script == nullptr) {
        return status;
    }
    for (const Statement& statement : script->statements) {
        if (!alive()) {
            break;
        }
        status = run_statement(statement);
    }
    return status;
}

Status Resolver::run_statement(const Statement& statement) {
    if (!statement.background) {
        const Status status = run_links(statement);
        settle_directory(status);
        return status;
    }
    FlowScope scope(*this);
    flow_.background = true;
    const State::Mark mark = state_.mark();
    state_.push_shell();
    traps_.emplace_back();
    const bool outer_shell = std::exchange(flow_.own_shell, true);
    if (flow_.sink != nullptr) {
        flow_.maybe = true;  // when it writes is not known
    }
    run_links(statement);
    finish_traps();
    flow_.own_shell = outer_shell;
    traps_.pop_back();
    state_.pop_shell();
    state_.roll_back(mark);
    return Status::Success;
}

/// A failed cd leaves the old directory; what follows "&&" knows that it did not fail.
void Resolver::settle_directory(Status status) {
    Core core = state_.core();
    if (core.directory == core.directory_if_failed || !core.alive) {
        return;
    }
    if (status == Status::Success || core.stop_on_error) {
        core.directory_if_failed = core.directory;
    } else if (status == Status::Failure) {
        core.directory = core.directory_if_failed;
    } else {
        core.directory.reset();
        core.directory_if_failed.reset();
    }
    state_.set_core(core);
}

Status Resolver::run_links(const Statement& statement) {
    Status status = Status::Unknown;
    for (const Link& link : statement.links) {
        if (!alive()) {
            return status;
        }
        if (link.connector == Connector::First) {
            status = run_pipeline(link.pipeline);
            continue;
        }
        const Status wanted = link.connector == Connector::And ? Status::Success : Status::Failure;
        if (status != Status::Unknown) {
            if (status == wanted) {
                settle_directory(status);
                status = run_pipeline(link.pipeline);
            }
            continue;
        }
        FlowScope scope(*this);
        flow_.conditional = true;
        flow_.maybe = true;
        const Core before = state_.core();
        const State::Mark mark = state_.mark();
        settle_directory(wanted);
        const Status ran = run_pipeline(link.pipeline);
        const bool went_on = alive();
        // Skipped: the earlier status was the other one.
        State::Delta taken = state_.take_delta(mark);
        Core skipped_core = before;
        if (wanted == Status::Success) {
            skipped_core.directory = before.directory_if_failed;
            // The whole failed; as long as the list goes on with && that way ends here.
            if (before.directory != before.directory_if_failed) {
                skipped_core.directory_if_failed = before.directory_if_failed;
            }
        } else {
            skipped_core.directory_if_failed = before.directory;
        }
        const bool all_and = wanted == Status::Success;
        if (all_and && went_on) {
            // Success of the list means that this link ran: keep its directory for success.
            Core core = taken.core;
            const auto failed_ran = core.directory_if_failed;
            const auto failed_skipped = skipped_core.directory;
            core.directory_if_failed = failed_ran == failed_skipped ? failed_ran : std::nullopt;
            taken.core = core;
            State::Delta skipped;
            skipped.core = core;
            skipped.core.positional = before.positional;
            skipped.core.positional_known = before.positional_known;
            skipped.core.stop_on_error = before.stop_on_error;
            skipped.core.no_globs = before.no_globs;
            state_.join_alternatives({taken, skipped});
            status = Status::Unknown;
            continue;
        }
        State::Delta skipped;
        skipped.core = skipped_core;
        state_.join_alternatives({taken, skipped});
        status = went_on ? Status::Unknown : (all_and ? Status::Failure : Status::Success);
        if (!all_and && went_on && ran == Status::Success) {
            status = Status::Success;
        }
    }
    return status;
}

Status Resolver::run_pipeline(const Pipeline& pipeline) {
    bool inverted = false;
    for (const Prefix prefix : pipeline.prefixes) {
        inverted = inverted != (prefix == Prefix::Not);
    }
    const Status status = pipeline.stages.empty() ? Status::Success : run_stages(pipeline);
    if (!inverted) {
        return status;
    }
    settle_directory(Status::Unknown);
    return status == Status::Success   ? Status::Failure
           : status == Status::Failure ? Status::Success
                                       : Status::Unknown;
}

Status Resolver::run_stages(const Pipeline& pipeline) {
    if (pipeline.stages.size() == 1) {
        return run_command(*pipeline.stages[0].command);
    }
    std::size_t previous_begin = 0;
    std::size_t previous_end = 0;
    for (std::size_t i = 0; i < pipeline.stages.size() && alive(); ++i) {
        const bool last = i + 1 == pipeline.stages.size();
        const std::size_t begin = facts_.commands.size();
        {
            FlowScope scope(*this);
            flow_.own_shell = true;
            if (i > 0) {
                flow_.input = {};
                flow_.input.kind = model::InputSource::Kind::Pipe;
                flow_.input.pipe_from = previous_end == 0 ? 0 : previous_end - 1;
                if (previous_begin == previous_end) {
                    flow_.input = {};
                    flow_.input.kind = model::InputSource::Kind::Text;
                    flow_.input.content = model::Word::unknown("output of the shell itself");
                }
            }
            if (!last) {
                flow_.to_pipe = true;
                flow_.sink = nullptr;
            }
            const State::Mark mark = state_.mark();
            state_.push_shell();
            traps_.emplace_back();
            run_command(*pipeline.stages[i].command);
            finish_traps();
            traps_.pop_back();
            state_.pop_shell();
            state_.roll_back(mark);
        }
        const std::size_t end = facts_.commands.size();
        for (std::size_t k = previous_begin; k < previous_end; ++k) {
            if (facts_.commands[k].pipes_to == kToPipe) {
                facts_.commands[k].pipes_to = end > begin ? std::optional(begin) : std::nullopt;
            }
        }
        previous_begin = begin;
        previous_end = end;
    }
    for (std::size_t k = previous_begin; k < previous_end; ++k) {
        if (!flow_.to_pipe && facts_.commands[k].pipes_to == kToPipe) {
            facts_.commands[k].pipes_to.reset();
        }
    }
    return Status::Unknown;
}

Status Resolver::run_command(const Command& command) {
    if (!spend(1)) {
        return Status::Unknown;
    }
    if (const auto* simple = std::get_if<const Simple*>(&command.form)) {
        return run_simple(**simple, command.redirects, command.span);
    }
    FlowScope scope(*this);
    if (command.redirects.empty()) {
        return run_form(command);
    }
    bool output_moved = false;
    const std::vector<model::Redirection> redirections =
        expand_redirects(command.redirects, &flow_.input, &output_moved);
    if (output_moved) {
        flow_.to_pipe = false;
        flow_.sink = nullptr;
    }
    // Listed as a command without words, so that what a compound command opens is seen.
    Invocation invocation;
    invocation.redirections = redirections;
    invocation.span = command.span;
    emit(invocation, model::ResolvedCommand::Target::Builtin);
    const Status status = run_form(command);
    return status == Status::Success ? Status::Unknown : status;
}

Status Resolver::run_form(const Command& command) {
    return std::visit(
        [&](const auto* form) -> Status {
            using Form = std::remove_cv_t<std::remove_pointer_t<decltype(form)>>;
            if constexpr (std::is_same_v<Form, Simple>) {
                return run_simple(*form, command.redirects, command.span);
            } else if constexpr (std::is_same_v<Form, Subshell>) {
                return run_subshell(form->body);
            } else if constexpr (std::is_same_v<Form, BraceGroup>) {
                return run_script(form->body);
            } else if constexpr (std::is_same_v<Form, If>) {
                return run_if(*form);
            } else if constexpr (std::is_same_v<Form, While>) {
                return run_while(*form);
            } else if constexpr (std::is_same_v<Form, For>) {
                return run_for(*form);
            } else if constexpr (std::is_same_v<Form, ArithmeticFor>) {
                return run_arithmetic_for(*form);
            } else if constexpr (std::is_same_v<Form, Case>) {
                return run_case(*form);
            } else if constexpr (std::is_same_v<Form, ArithmeticCommand>) {
                return run_arithmetic_command(form->expression);
            } else if constexpr (std::is_same_v<Form, ConditionalCommand>) {
                return run_test(*form->test);
            } else if constexpr (std::is_same_v<Form, FunctionDefinition>) {
                define_function(*form, command.span);
                return Status::Success;
            } else {
                return run_coprocess(*form);
            }
        },
        command.form);
}

Status Resolver::run_subshell(const Script* body) {
    FlowScope scope(*this);
    flow_.own_shell = true;
    const State::Mark mark = state_.mark();
    state_.push_shell();
    traps_.emplace_back();
    const Status status = run_script(body);
    const bool ended = !alive();
    finish_traps();
    traps_.pop_back();
    state_.pop_shell();
    state_.roll_back(mark);
    return ended ? Status::Unknown : status;
}

Status Resolver::run_if(const If& form) {
    std::vector<State::Delta> ways;
    bool open = true;  // some way still reaches the next condition
    const State::Mark start = state_.mark();
    FlowScope scope(*this);
    // Conditions run one after the other on the way to each branch, so each branch continues from
    // the state that they leave; a branch's own changes are taken back before the next condition.
    for (const IfClause& clause : form.clauses) {
        Status status = run_script(clause.condition);
        settle_directory(status);
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
        body();
        settle_directory(Status::Unknown);
        const bool changed = state_.changes_on_join(mark);
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
    loop_left_ = outer_left || (loop_left_far_ && loop_depth_ > 1);
    --loop_depth_;
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
        const Status status = run_script(form.condition);
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
        const Status status = run_script(form.condition);
        settle_directory(Status::Unknown);
        if (alive() && status != never) {
            const State::Mark mark = state_.mark();
            run_script(form.body);
            state_.join_with_before(mark);
        }
    });
    return Status::Unknown;
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
            model::Word word = model::Word::literal(value.text);
            if (!value.is_text()) {
                word = model::Word::unknown(value.why);
            }
            items.push_back(word);
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
                run_script(form.body);
                settle_directory(Status::Unknown);
                if (loop_left_) {
                    flow_.conditional = flow_.maybe = true;
                }
            }
        }
        --loop_depth_;
        state_.pop_frame(loop_left_ ? State::FrameEnd::JoinAll : State::FrameEnd::Keep);
        loop_left_ = outer_left || (loop_left_far_ && loop_depth_ > 1);
        return items.empty() ? Status::Success : Status::Unknown;
    }
    Value any;
    bool first = true;
    for (const model::Word& item : items) {
        Value value = to_value(item);
        if (!item.value && item.splits) {
            value.text.clear();
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
    --loop_depth_;
    const bool dead = !alive();
    state_.pop_frame(State::FrameEnd::Keep);
    loop_left_ = outer_left || (loop_left_far_ && loop_depth_ > 1);
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

Status Resolver::run_case(const Case& form) {
    const model::Word subject = expand_single(form.subject);
    const bool known = subject.value && !subject.glob;
    std::vector<State::Delta> ways;
    const State::Mark start = state_.mark();
    bool reached = true;  // no earlier clause certainly took it
    bool falls = false;   // the clause before may fall into this one
    FlowScope scope(*this);
    for (const CaseClause& clause : form.clauses) {
        bool certain = false;
        bool possible = falls;
        if (reached) {
            for (const Word& word : clause.patterns) {
                std::optional<std::string> unknown;
                const std::string pattern = expand_pattern(word, unknown);
                std::optional<bool> matches;
                if (!unknown && pattern == "*") {
                    matches = true;
                } else if (!unknown && known) {
                    matches = pattern_matches(pattern, *subject.value);
                }
                possible = possible || matches.value_or(true);
                certain = certain || matches.value_or(false);
                if (certain) {
                    break;
                }
            }
        }
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
            state_.join_alternatives({ways.back(), State::unchanged(state_.core())});
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
    const bool arithmetic = test.op.size() == 3 && test.op[0] == '-' && test.op != "-nt" &&
                            test.op != "-ot" && test.op != "-ef";
    if (arithmetic) {
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
    if (test.op == "==" || test.op == "=" || test.op == "!=") {
        std::optional<std::string> unknown;
        const std::string pattern = expand_pattern(test.right, unknown);
        if (unknown || !known) {
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
    flow_.background = true;
    flow_.input = {};
    flow_.input.kind = model::InputSource::Kind::Text;
    flow_.input.content = model::Word::unknown("what the shell sends to a coprocess");
    flow_.to_pipe = false;
    flow_.sink = nullptr;
    const State::Mark mark = state_.mark();
    state_.push_shell();
    traps_.emplace_back();
    run_command(*form.body);
    finish_traps();
    traps_.pop_back();
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
