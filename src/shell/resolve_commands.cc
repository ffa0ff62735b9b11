// Simple commands: words, assignments, redirections, then what the name means.
#include "base/limits.h"
#include "shell/flow_scope.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

constexpr std::string_view kDeclaring[] = {"declare", "typeset",  "local",
                                           "export",  "readonly", "alias"};

bool declares(std::span<const Word> words) {
    for (const Word& word : words) {
        const std::string_view text = plain_text(word);
        if (text == "command" || text == "builtin") {
            continue;
        }
        for (const std::string_view name : kDeclaring) {
            if (text == name) {
                return true;
            }
        }
        return false;
    }
    return false;
}

/// Whether an argument such as x=$y stands there: one word to a declaration, else it splits.
bool holds_assignment_argument(std::span<const Word> words) {
    for (const Word& word : words) {
        const bool literal = !word.parts.empty() && word.parts[0].kind == PartKind::Literal;
        if (word.is_assignment() || (literal && word.parts.size() > 1 &&
                                     word.parts[0].text.find('=') != std::string_view::npos)) {
            return true;
        }
    }
    return false;
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int default_descriptor(RedirectKind kind) {
    switch (kind) {
        case RedirectKind::Read:
        case RedirectKind::ReadWrite:
        case RedirectKind::DuplicateIn:
        case RedirectKind::HereString:
        case RedirectKind::HereDocument:
        case RedirectKind::HereDocumentTabs:
        case RedirectKind::CloseIn:
            return 0;
        default:
            return 1;
    }
}

model::Redirection::Kind model_kind(RedirectKind kind) {
    using Kind = model::Redirection::Kind;
    switch (kind) {
        case RedirectKind::Read:
            return Kind::Read;
        case RedirectKind::Write:
        case RedirectKind::Clobber:
        case RedirectKind::WriteBoth:
            return Kind::Write;
        case RedirectKind::Append:
        case RedirectKind::AppendBoth:
            return Kind::Append;
        case RedirectKind::ReadWrite:
            return Kind::ReadWrite;
        case RedirectKind::DuplicateIn:
        case RedirectKind::DuplicateOut:
            return Kind::Duplicate;
        case RedirectKind::CloseIn:
        case RedirectKind::CloseOut:
            return Kind::Close;
        default:
            return Kind::HereText;
    }
}

}  // namespace

Status Resolver::run_simple(const Simple& simple, std::span<const Redirect> redirects, Span span) {
    Invocation invocation;
    invocation.simple = &simple;
    invocation.span = span;
    invocation.words = simple.words;
    invocation.input = input_here();
    substituted_ = false;
    if (simple.words.size() > 1 && holds_assignment_argument(simple.words.subspan(1))) {
        // dash decides by what the name stands for; behind "command" it splits in both.
        const std::string_view name = plain_text(simple.words[0]);
        const bool named_by_value = surroundings_.dialect == Dialect::Posix && name.empty();
        const bool behind = name == "command" || name == "builtin";
        if (named_by_value ||
            (declares(simple.words) && (behind || state_.function(name) != nullptr))) {
            incomplete(span, "whether an argument such as x=$y splits is not followed here");
        }
    }
    invocation.argv =
        expand_words(simple.words, declares(simple.words) ? Declaring::Yes : Declaring::No);
    if (invocation.argv.empty()) {
        return run_assignments_only(simple, redirects, invocation);
    }
    expand_assignments(simple, invocation);
    // A program's own process expands them, a builtin's is the shell: what they assign may last.
    const State::Mark before = state_.mark();
    invocation.redirections =
        expand_redirects(redirects, &invocation.input, &invocation.output_moved);
    state_.join_with_before(before);
    if (!may_fail(invocation.redirections)) {
        return dispatch(invocation);
    }
    FlowScope scope(*this);
    flow_.maybe = true;
    const State::Mark mark = state_.mark();
    dispatch(invocation);
    state_.join_with_before(mark);
    return Status::Unknown;
}

/// Each sees those to its left, as bash expands them. Nothing of it lasts but what the expansions
/// themselves assign.
void Resolver::expand_assignments(const Simple& simple, Invocation& invocation) {
    const bool several = simple.assignments.size() > 1;
    std::vector<Replaced> replaced;
    for (const Word& word : simple.assignments) {
        apply_assignment(word, &invocation.assignments);
        if (several) {
            const Variable* old = state_.variable(std::string(word.assignment->name));
            replaced.push_back({std::string(word.assignment->name),
                                old != nullptr ? std::optional(*old) : std::nullopt});
            replace_variable(invocation.assignments.back(), word.span);
        }
    }
    for (auto item = replaced.rbegin(); item != replaced.rend(); ++item) {
        put_back(item->name, item->before);
    }
}

Status Resolver::run_assignments_only(const Simple& simple, std::span<const Redirect> redirects,
                                      Invocation& invocation) {
    for (const Word& word : simple.assignments) {
        model::Assignment listed;
        listed.name = std::string(word.assignment->name);
        listed.append = word.assignment->append;
        apply_assignment(word, nullptr);
        const Variable* variable = state_.variable(listed.name);
        if (variable != nullptr && !variable->array) {
            listed.value = to_word(variable->value, place(word.span));
            listed.append = false;
        } else {
            listed.value = model::Word::unknown("an array", place(word.span));
        }
        invocation.assignments.push_back(std::move(listed));
    }
    invocation.redirections =
        expand_redirects(redirects, &invocation.input, &invocation.output_moved);
    const bool reads_file = simple.words.empty() && simple.assignments.empty() &&
                            flow_.sink != nullptr && !invocation.redirections.empty();
    if (!simple.assignments.empty() || !invocation.redirections.empty()) {
        emit(invocation, model::ResolvedCommand::Target::Builtin);
    }
    if (reads_file) {
        write_output(invocation, std::nullopt, "contents of a file");
    }
    const bool plain = !substituted_ && invocation.redirections.empty() && simple.words.empty();
    return plain ? Status::Success : Status::Unknown;
}

model::Redirection Resolver::expand_redirect(const Redirect& redirect) {
    model::Redirection out;
    out.kind = model_kind(redirect.kind);
    out.span = place(redirect.span);
    out.descriptor =
        redirect.descriptor >= 0 ? redirect.descriptor : default_descriptor(redirect.kind);
    if (redirect.here != nullptr) {
        FieldBuilder builder = make_builder(Splitting::Single);
        expand_parts(redirect.here->body.parts, builder, Quoting::Quoted);
        out.target = std::move(builder.finish(place(redirect.here->span)).front());
        return out;
    }
    if (redirect.kind == RedirectKind::HereString) {
        out.target = expand_single(redirect.target);
        if (out.target.value) {
            *out.target.value += '\n';
        } else if (!out.target.pieces.empty()) {
            append_piece(out.target.pieces, {"\n", false});
        }
        return out;
    }
    if (redirect.kind == RedirectKind::CloseIn || redirect.kind == RedirectKind::CloseOut) {
        return out;
    }
    std::vector<model::Word> words = expand_words(std::span<const Word>(&redirect.target, 1));
    if (words.size() == 1) {
        out.target = std::move(words.front());
    } else {
        out.target = model::Word::unknown("a redirection to other than one word",
                                          place(redirect.target.span));
    }
    return out;
}

std::vector<model::Redirection> Resolver::expand_redirects(std::span<const Redirect> redirects,
                                                           model::InputSource* input,
                                                           bool* output_moved) {
    std::vector<model::Redirection> out;
    bool duplicated_output = false;
    for (const Redirect& redirect : redirects) {
        model::Redirection item = expand_redirect(redirect);
        using Kind = model::Redirection::Kind;
        bool both =
            redirect.kind == RedirectKind::WriteBoth || redirect.kind == RedirectKind::AppendBoth;
        if (item.kind == Kind::Duplicate && item.target.value) {
            std::string& target = *item.target.value;
            if (target == "-") {
                item.kind = Kind::Close;
            } else if (target.ends_with('-') && all_digits(target.substr(0, target.size() - 1))) {
                target.pop_back();
            } else if (!all_digits(target)) {
                item.kind = redirect.kind == RedirectKind::DuplicateIn ? Kind::Read : Kind::Write;
                both = redirect.kind == RedirectKind::DuplicateOut && redirect.descriptor < 0;
            }
        }
        if (!redirect.variable.empty()) {
            item.descriptor = -1;
            const std::string name(redirect.variable.substr(0, redirect.variable.find('[')));
            if (name.size() != redirect.variable.size()) {
                incomplete(redirect.span, "a descriptor kept in an array element");
            }
            if (item.kind != Kind::Close) {
                assign(name, Value::number("a descriptor number"), false, redirect.span);
            }
        }
        if (item.kind == Kind::Duplicate && !item.target.value) {
            // A number or a file: judged as the file.
            item.kind = redirect.kind == RedirectKind::DuplicateIn ? Kind::Read : Kind::Write;
        }
        if (item.descriptor == 0 && input != nullptr) {
            using Source = model::InputSource::Kind;
            input->kind = item.kind == Kind::HereText ? Source::Text : Source::File;
            input->content = item.target;
            if (item.kind == Kind::Duplicate || item.kind == Kind::Close) {
                input->content = model::Word::unknown("another descriptor");
            }
        }
        if (item.descriptor == 1 && output_moved != nullptr) {
            *output_moved = true;
        }
        distrust_output(item);
        duplicated_output = duplicated_output ||
                            (item.kind == Kind::Duplicate && item.target.value != std::string("2"));
        out.push_back(std::move(item));
        if (both) {
            model::Redirection errors = out.back();
            errors.descriptor = 2;
            out.push_back(std::move(errors));
        }
    }
    if (duplicated_output && output_moved != nullptr) {
        *output_moved = false;  // some descriptor is a copy of where the output went before
    }
    return out;
}

/// A descriptor that becomes a copy of another one: where builtins then write, and whether their
/// messages come between, is not followed.
void Resolver::distrust_output(const model::Redirection& redirection) {
    if (redirection.kind != model::Redirection::Kind::Duplicate || flow_.sink == nullptr ||
        redirection.target.value == std::string("2")) {
        return;
    }
    flow_.sink->known = false;
    flow_.sink->why = "output of descriptors that are copies of others";
}

void Resolver::add_environment(model::ResolvedCommand& command) {
    for (const auto& [name, variable] : state_.exported()) {
        if (!variable->assigned || !spend(1)) {
            continue;
        }
        model::Assignment assignment;
        assignment.name = name;
        assignment.value = to_word(variable->value, {});
        command.inherited_environment.push_back(std::move(assignment));
    }
}

std::size_t Resolver::emit(const Invocation& invocation, model::ResolvedCommand::Target target) {
    return emit(Invocation(invocation), target);
}

std::size_t Resolver::emit(Invocation&& invocation, model::ResolvedCommand::Target target) {
    using Target = model::ResolvedCommand::Target;
    if (facts_.commands.size() >= limits::kShellCommandsMax || exhausted_) {
        spend(std::size_t{1} << 40U);
        return facts_.commands.empty() ? 0 : facts_.commands.size() - 1;
    }
    model::ResolvedCommand command;
    command.target = target;
    command.argv = std::move(invocation.argv);
    command.assignments = std::move(invocation.assignments);
    command.redirections = std::move(invocation.redirections);
    if (const auto& directory = state_.core().directory) {
        command.directory.emplace(*directory);
    }
    command.input = std::move(invocation.input);
    command.conditional = flow_.conditional;
    command.looped = flow_.looped;
    command.background = flow_.background;
    command.substitution = flow_.substitution;
    command.output_captured = flow_.captured && !invocation.output_moved;
    command.span = place(invocation.span);
    if (flow_.to_pipe && !invocation.output_moved) {
        command.pipes_to = kToPipe;
    }
    if (target == Target::External || target == Target::Unknown) {
        add_environment(command);
        for (const model::Word& word : command.argv) {
            if (!word.value && word.why_unknown != kBadSubstitution) {
                incomplete(word.span, word.why_unknown, model::Unresolved::Kind::Word);
            }
        }
        spend(command.argv.size());
    }
    facts_.commands.push_back(std::move(command));
    return facts_.commands.size() - 1;
}

void Resolver::write_output(const Invocation& invocation, const std::optional<std::string>& text,
                            std::string_view why) {
    Sink* sink = flow_.sink;
    if (sink == nullptr || invocation.output_moved || !sink->known) {
        return;
    }
    if (!text || (flow_.maybe && !text->empty())) {
        sink->known = false;
        sink->why = text ? "output that depends on the way taken" : why;
        return;
    }
    sink->text += *text;
    if (sink->text.size() > limits::kShellExpansionBytesMax) {
        sink->known = false;
    }
}

Status Resolver::run_external(Invocation& invocation) {
    std::string why;
    if (flow_.sink != nullptr) {
        why = "output of " + invocation.argv.front().value.value_or("a command");
    }
    emit(std::move(invocation), model::ResolvedCommand::Target::External);
    if (state_.function("command_not_found_handle") != nullptr) {
        incomplete(invocation.span, "command_not_found_handle may run instead");
    }
    write_output(invocation, std::nullopt, why);
    return Status::Unknown;
}

}  // namespace countersign::shell
