// Lists and pipelines: which of them run, and what they leave behind.
#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"

namespace countersign::shell {

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
        if (statement.links.size() > 1) {
            settle_ignoring_errors(status);  // what fails before && or || ends no shell
        } else {
            settle_directory(status);
        }
        return status;
    }
    FlowScope scope(*this);
    flow_.background = true;
    const State::Mark mark = state_.mark();
    state_.push_shell();
    const bool outer_shell = std::exchange(flow_.own_shell, true);
    if (flow_.sink != nullptr) {
        flow_.maybe = true;  // when it writes is not known
    }
    run_links(statement);
    finish_traps();
    flow_.own_shell = outer_shell;
    state_.pop_shell();
    state_.roll_back(mark);
    return Status::Success;
}

void Resolver::settle_ignoring_errors(Status status) {
    FlowScope scope(*this);
    flow_.errors_ignored = true;
    settle_directory(status);
}

/// A failed cd leaves the old directory; what follows "&&" knows that it did not fail.
void Resolver::settle_directory(Status status) {
    if (state_.core().directory == state_.core().directory_if_failed || !state_.core().alive) {
        return;
    }
    Core core = state_.core();
    if (status == Status::Success || (core.stop_on_error && !flow_.errors_ignored)) {
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
        FlowScope errors(*this);
        flow_.errors_ignored = flow_.errors_ignored || &link != &statement.links.back();
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
            const State::Delta ways[] = {std::move(taken), std::move(skipped)};
            state_.join_alternatives(ways);
            status = Status::Unknown;
            continue;
        }
        State::Delta skipped;
        skipped.core = skipped_core;
        const State::Delta ways[] = {std::move(taken), std::move(skipped)};
        state_.join_alternatives(ways);
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
    FlowScope errors(*this);
    flow_.errors_ignored = flow_.errors_ignored || inverted;
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
    Sink written;  // by the stage before
    for (std::size_t i = 0; i < pipeline.stages.size() && alive(); ++i) {
        const bool last = i + 1 == pipeline.stages.size();
        const std::size_t begin = facts_.commands.size();
        {
            FlowScope scope(*this);
            flow_.own_shell = true;
            std::optional<InputScope> own_input;
            if (i > 0) {
                model::InputSource input;
                input.kind = model::InputSource::Kind::Pipe;
                input.pipe_from = previous_end == 0 ? 0 : previous_end - 1;
                if (previous_begin == previous_end) {
                    input = {};
                    input.kind = model::InputSource::Kind::Text;
                }
                input.content = written.known ? model::Word::literal(written.text)
                                              : model::Word::unknown(written.why);
                own_input.emplace(*this, input);
            }
            Sink writes;
            if (!last) {
                flow_.to_pipe = true;
                flow_.sink = &writes;
                flow_.maybe = false;
            }
            const State::Mark mark = state_.mark();
            state_.push_shell();
            run_command(*pipeline.stages[i].command);
            finish_traps();
            state_.pop_shell();
            state_.roll_back(mark);
            writes.known = writes.known && !pipeline.stages[i].pipe_errors && !last;
            written = std::move(writes);
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
    // Listed as a command without words, so that what a compound command opens is seen.
    Invocation invocation;
    invocation.span = command.span;
    invocation.input = input_here();
    invocation.redirections =
        expand_redirects(command.redirects, &invocation.input, &invocation.output_moved);
    if (invocation.output_moved) {
        flow_.to_pipe = false;
        flow_.sink = nullptr;
    }
    emit(invocation, model::ResolvedCommand::Target::Builtin);
    const State::Mark mark = state_.mark();
    const bool sure = !may_fail(invocation.redirections);
    flow_.maybe = flow_.maybe || !sure;
    {
        std::optional<InputScope> own_input;
        if (invocation.moves_input()) {
            own_input.emplace(*this, invocation.input);
        }
        run_form(command);
    }
    if (!sure) {
        state_.join_with_before(mark);
    }
    return Status::Unknown;
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

}  // namespace countersign::shell
