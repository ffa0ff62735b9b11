#include "gate/unwrap.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "gate/tool_call.h"

namespace countersign::gate {
namespace {

using catalogue::Inner;
using model::Word;

/// Variables of the surroundings that change what a started program does. Others that a door
/// reports only help to resolve words.
constexpr std::array<std::string_view, 20> kMeaningfulVariables = {"LD_PRELOAD",
                                                                   "LD_LIBRARY_PATH",
                                                                   "LD_AUDIT",
                                                                   "BASH_ENV",
                                                                   "ENV",
                                                                   "IFS",
                                                                   "SHELLOPTS",
                                                                   "BASHOPTS",
                                                                   "PROMPT_COMMAND",
                                                                   "PERL5OPT",
                                                                   "PERL5LIB",
                                                                   "PYTHONSTARTUP",
                                                                   "PYTHONPATH",
                                                                   "NODE_OPTIONS",
                                                                   "RUBYOPT",
                                                                   "JAVA_TOOL_OPTIONS",
                                                                   "GIT_SSH_COMMAND",
                                                                   "GIT_SSH",
                                                                   "GIT_EXTERNAL_DIFF",
                                                                   "GIT_PROXY_COMMAND"};

bool meaningful(std::string_view name) {
    return std::find(kMeaningfulVariables.begin(), kMeaningfulVariables.end(), name) !=
           kMeaningfulVariables.end();
}

void move_spans(model::ResolvedCommand& command, model::Span span) {
    command.span = span;
    for (Word& word : command.argv) {
        word.span = span;
    }
    for (auto& assignment : command.assignments) {
        assignment.value.span = span;
    }
    for (auto& redirection : command.redirections) {
        redirection.span = span;
        redirection.target.span = span;
    }
    command.input.content.span = span;
}

/// Shells whose text is to be bash; another's grammar may be its own (zsh, ksh).
constexpr std::array<std::string_view, 5> kReadsBash = {"bash", "sh", "dash", "ash", "rbash"};

bool words_known(const model::ResolvedCommand& command) {
    const auto known = [](const Word& word) { return word.value.has_value(); };
    return std::all_of(command.argv.begin(), command.argv.end(), known) &&
           std::all_of(command.redirections.begin(), command.redirections.end(),
                       [&](const auto& redirection) {
                           return redirection.kind == model::Redirection::Kind::Close ||
                                  known(redirection.target);
                       }) &&
           std::all_of(command.assignments.begin(), command.assignments.end(),
                       [&](const auto& assignment) { return known(assignment.value); });
}

shell::Dialect shell_dialect(std::string_view language) {
    return language == "sh" || language == "dash" || language == "ash" ? shell::Dialect::Posix
                                                                       : shell::Dialect::Bash;
}

/// The variables that a shell started by `command` would find, as far as they are known.
std::map<std::string, std::string> variables_for(const model::ResolvedCommand& command,
                                                 const model::Context& context) {
    std::map<std::string, std::string> variables = context.environment;
    const auto take = [&](const std::vector<model::Assignment>& assignments) {
        for (const auto& assignment : assignments) {
            if (assignment.value.value && !assignment.append) {
                variables[assignment.name] = *assignment.value.value;
            } else {
                variables.erase(assignment.name);
            }
        }
    };
    take(command.inherited_environment);
    take(command.assignments);
    return variables;
}

std::optional<std::string> home_of(const model::Context& context) {
    return context.home.empty() ? std::nullopt : std::optional(context.home);
}

}  // namespace

std::string workspace_of(const model::Context& context) {
    return context.workspace == "/" ? std::string() : context.workspace;
}

sql::Dialect sql_dialect(std::string_view name) {
    if (name.starts_with("sqlite")) {
        return sql::Dialect::Sqlite;
    }
    if (name.starts_with("mysql") || name.starts_with("mariadb")) {
        return sql::Dialect::Mysql;
    }
    return sql::Dialect::Postgres;
}

Unwrapper::Unwrapper(const model::ActionRequest& request, Understood& out)
    : request_(request), out_(out) {}

void Unwrapper::text(std::string_view text, shell::Dialect dialect) {
    shell::Surroundings surroundings;
    surroundings.directory = request_.context.directory;
    surroundings.home = home_of(request_.context);
    surroundings.variables = request_.context.environment;
    surroundings.dialect = dialect;
    model::CommandFacts facts = shell::analyze(text, surroundings);
    if (facts.error) {
        const auto end = static_cast<std::uint32_t>(text.size());
        out_.syntax_span = {std::min(facts.error->offset, end), end};
        out_.syntax_error = std::move(facts.error);
        out_.complete = false;
        return;
    }
    append(std::move(facts), Frame{});
    drain();
    enter_written_later();
}

void Unwrapper::quoted_text(std::string_view text, model::Span span) {
    shell::Surroundings surroundings;
    surroundings.directory = request_.context.directory;
    surroundings.home = home_of(request_.context);
    model::CommandFacts facts = shell::analyze(text, surroundings);
    if (facts.error) {
        unknown("the shell text in the arguments is not valid");
        add_effect({.kind = model::EffectKind::Unknown,
                    .target = {},
                    .span = span,
                    .detail = "invalid text"},
                   0);
        return;
    }
    Frame frame;
    frame.span = span;
    append(std::move(facts), frame);
    drain();
    enter_written_later();
}

void Unwrapper::command(model::ResolvedCommand command) {
    for (const auto& [name, value] : request_.context.environment) {
        if (meaningful(name)) {
            command.inherited_environment.push_back(
                {name, Word::literal(value, command.span), false});
        }
    }
    append_one(std::move(command), Frame{});
    drain();
    enter_written_later();
}

void Unwrapper::nameless_program(const std::string& program, model::Span span) {
    unknown("the program has no file that could be looked at");
    out_.findings.push_back({"nameless_program", model::Severity::High, span,
                             "starts a program that has no name on disk: " + program});
    add_effect({.kind = model::EffectKind::Eval,
                .target = {},
                .place = model::Place::Unknown,
                .span = span,
                .detail = "runs a program without a file"},
               0);
}

void Unwrapper::unknown(std::string_view why) {
    out_.complete = false;
    if (out_.why_unknown.empty()) {
        out_.why_unknown = why;
    }
}

void Unwrapper::add_effect(model::Effect effect, std::size_t index) {
    if (out_.effects.size() >= limits::kEffectsMax) {
        out_.beyond_bound = "more effects than can be judged";
        return;
    }
    effect.command = index;
    out_.effects.push_back(std::move(effect));
}

bool Unwrapper::append_one(model::ResolvedCommand command, const Frame& frame) {
    if (out_.commands.size() >= limits::kShellCommandsMax) {
        out_.beyond_bound = "more commands than can be judged";
        return false;
    }
    UnderstoodCommand entry;
    entry.complete = words_known(command) && !frame.open_ended;
    entry.command = std::move(command);
    entry.open_ended = frame.open_ended;
    entry.inside = frame.inside;
    entry.elsewhere = frame.elsewhere;
    entry.elevated = frame.elevated;
    entry.depth = frame.depth;
    if (frame.span) {
        move_spans(entry.command, *frame.span);
    }
    if (!entry.complete) {
        out_.complete = false;
    }
    out_.commands.push_back(std::move(entry));
    return true;
}

void Unwrapper::append(model::CommandFacts facts, const Frame& frame) {
    entered_text_ = true;
    const std::size_t base = out_.commands.size();
    // A copy: push_back below leaves references of a deque valid, yet `inside` may lie in it.
    const model::ResolvedCommand* outer =
        frame.inside ? &out_.commands[*frame.inside].command : nullptr;
    for (model::ResolvedCommand& command : facts.commands) {
        if (command.input.kind == model::InputSource::Kind::Pipe) {
            command.input.pipe_from += base;
        } else if (command.input.kind == model::InputSource::Kind::Inherited && outer != nullptr) {
            command.input = outer->input;
        }
        if (command.pipes_to) {
            *command.pipes_to += base;
        } else if (outer != nullptr && !command.output_captured) {
            command.pipes_to = outer->pipes_to;
        }
        if (outer != nullptr) {
            command.conditional = command.conditional || outer->conditional;
            command.looped = command.looped || outer->looped;
        }
        if (!append_one(std::move(command), frame)) {
            return;
        }
    }
    if (!facts.complete) {
        unknown(facts.unresolved.empty() ? "a part of the text cannot be known"
                                         : facts.unresolved.front().why);
    }
    for (const model::Unresolved& open : facts.unresolved) {
        // Unlike an unknown word, nothing that is listed stands for what bash may run here.
        if (open.kind == model::Unresolved::Kind::Execution) {
            add_effect({.kind = model::EffectKind::Eval,
                        .target = {},
                        .place = model::Place::Unknown,
                        .span = frame.span.value_or(open.span),
                        .detail = "bash may run what is not known before: " + open.why},
                       base < out_.commands.size() ? base : 0);
        }
    }
}

void Unwrapper::drain() {
    while (next_ < out_.commands.size() && out_.beyond_bound.empty() && !out_.syntax_error) {
        // Counted first: reading may bring a drain of its own.
        const std::size_t index = next_++;
        read(index);
    }
}

catalogue::Place Unwrapper::place_of(const UnderstoodCommand& command) const {
    catalogue::Place place;
    place.directory = command.command.directory;
    if (!command.elsewhere) {
        place.workspace = workspace_of(request_.context);
        place.home = request_.context.home;
        place.staged = request_.context.staged;
    }
    return place;
}

void Unwrapper::read(std::size_t index) {
    fill_from_substitutions(index);
    UnderstoodCommand& command = out_.commands[index];
    catalogue::Understanding found = catalogue::understand(command.command, place_of(command));
    command.known = found.known_program && found.known_form;
    command.program_class = std::move(found.program_class);
    if (!command.known && out_.why_unknown.empty()) {
        out_.why_unknown = found.why_unknown;
    }
    for (model::Effect& effect : found.effects) {
        effect.conditional = effect.conditional || command.command.conditional;
        add_effect(effect, index);
    }
    for (model::Finding& finding : found.findings) {
        out_.findings.push_back(std::move(finding));
    }
    if (!found.prints.empty() || found.prints_input) {
        printed_[index] = {std::move(found.prints), found.prints_input};
    }
    for (const Inner& inner : found.inner) {
        enter(index, inner);
    }
    enter_written(index, found.effects);
    written_.note(out_.commands[index].command, place_of(out_.commands[index]),
                  out_.commands[index].elsewhere);
}

void Unwrapper::enter(std::size_t index, const Inner& inner) {
    const UnderstoodCommand& outer = out_.commands[index];
    if (outer.depth + 1 > limits::kUnwrapDepthMax) {
        out_.beyond_bound = "more wrappers inside each other than can be judged";
        return;
    }
    Frame frame;
    frame.inside = index;
    frame.elsewhere = outer.elsewhere || inner.elsewhere;
    frame.elevated = outer.elevated || inner.elevated;
    frame.open_ended = inner.open_ended;
    frame.depth = outer.depth + 1;
    out_.elsewhere = out_.elsewhere || frame.elsewhere;
    out_.elevated = out_.elevated || frame.elevated;
    switch (inner.kind) {
        case Inner::Kind::Argv:
            return enter_argv(index, inner, frame);
        case Inner::Kind::Shell:
            return enter_shell(index, inner, frame);
        case Inner::Kind::Sql:
            return enter_sql(index, inner);
        case Inner::Kind::Program:
            return enter_program(index, inner);
    }
}

void Unwrapper::enter_argv(std::size_t index, const Inner& inner, const Frame& frame) {
    const model::ResolvedCommand& outer = out_.commands[index].command;
    model::ResolvedCommand command;
    command.argv = inner.argv;
    const bool named = !command.argv.empty() && command.argv.front().value;
    command.target =
        named ? model::ResolvedCommand::Target::External : model::ResolvedCommand::Target::Unknown;
    command.assignments = outer.assignments;
    command.inherited_environment = outer.inherited_environment;
    command.directory = inner.directory   ? inner.directory
                        : frame.elsewhere ? std::nullopt
                                          : outer.directory;
    // xargs and its like eat the input themselves; other wrappers hand it on.
    if (inner.open_ended) {
        fill_from_pipe(command, outer);
    } else {
        command.input = outer.input;
    }
    command.pipes_to = outer.pipes_to;
    command.conditional = outer.conditional;
    command.looped = outer.looped || inner.open_ended;
    command.background = outer.background;
    command.substitution = outer.substitution;
    command.output_captured = outer.output_captured;
    command.span = outer.span;
    append_one(std::move(command), frame);
}

void Unwrapper::enter_shell(std::size_t index, const Inner& inner, const Frame& frame) {
    if (!inner.text.value || inner.open_ended) {
        return unknown_text(index, inner);
    }
    const model::ResolvedCommand& outer = out_.commands[index].command;
    shell::Surroundings surroundings;
    surroundings.dialect = shell_dialect(inner.language);
    surroundings.directory = inner.directory   ? inner.directory
                             : frame.elsewhere ? std::nullopt
                                               : outer.directory;
    // Other rights and other hosts bring their own environment: nothing is known about it.
    if (!frame.elsewhere && !frame.elevated) {
        surroundings.home = home_of(request_.context);
        surroundings.variables = variables_for(outer, request_.context);
    }
    for (std::size_t i = 0; i < inner.argv.size() && inner.argv[i].value; ++i) {
        if (i == 0) {
            surroundings.zero = inner.argv[i].value;
        } else {
            surroundings.positional.push_back(*inner.argv[i].value);
        }
    }
    const bool all_positional =
        std::all_of(inner.argv.begin(), inner.argv.end(),
                    [](const Word& word) { return word.value.has_value(); });
    if (!all_positional) {
        surroundings.positional.clear();
        surroundings.positional_known = false;
        unknown("an argument of an inner shell is not known");
    }
    Frame inner_frame = frame;
    inner_frame.span = inner.text.span;
    model::CommandFacts facts = shell::analyze(*inner.text.value, surroundings);
    if (facts.error && is_text_of_action(index, frame)) {
        const model::Span word = inner.text.span;
        out_.syntax_span = {std::min(word.begin + facts.error->offset, word.end), word.end};
        out_.syntax_error = std::move(facts.error);
        out_.complete = false;
        return;
    }
    if (facts.error) {
        out_.findings.push_back({"inner_syntax_error", model::Severity::Medium, inner.text.span,
                                 "text for an inner shell is not valid: " + facts.error->message});
        return unknown_text(index, inner);
    }
    append(std::move(facts), inner_frame);
}

bool Unwrapper::is_text_of_action(std::size_t index, const Frame& frame) const {
    const auto& argv = out_.commands[index].command.argv;
    if (request_.action.kind != model::ActionKind::Exec || entered_text_ || frame.elsewhere ||
        argv.empty() || !argv.front().value) {
        return false;
    }
    const std::string_view program = *argv.front().value;
    const std::string_view name = program.substr(program.rfind('/') + 1);
    return std::find(kReadsBash.begin(), kReadsBash.end(), name) != kReadsBash.end();
}

void Unwrapper::enter_sql(std::size_t index, const Inner& inner) {
    if (!inner.text.value || inner.open_ended) {
        return unknown_text(index, inner);
    }
    const std::size_t first = out_.effects.size();
    sql(*inner.text.value, sql_dialect(inner.language), inner.text.span);
    for (std::size_t i = first; i < out_.effects.size(); ++i) {
        out_.effects[i].command = index;
    }
}

void Unwrapper::enter_program(std::size_t index, const Inner& inner) {
    if (!inner.text.value || inner.open_ended) {
        return unknown_text(index, inner);
    }
    for (model::Effect& effect : inspect::program_effects(inner.language, *inner.text.value)) {
        effect.span = inner.text.span;
        if (effect.kind == model::EffectKind::Unknown) {
            unknown("an inline program does what cannot be told from its text");
        }
        if (effect.kind == model::EffectKind::Execute && !effect.target.empty()) {
            enter_quoted_command(index, effect);
        }
        resolve_target(effect, out_.commands[index]);
        add_effect(std::move(effect), index);
    }
}

void Unwrapper::resolve_target(model::Effect& effect, const UnderstoodCommand& command) const {
    if (effect.target.empty() || effect.place != model::Place::Unknown) {
        return;
    }
    switch (effect.kind) {
        case model::EffectKind::Download:
        case model::EffectKind::Upload:
        case model::EffectKind::Connect:
        case model::EffectKind::Listen: {
            const std::string host = host_of_url(effect.target);
            effect.target = host.empty() ? effect.target : host;
            effect.place = catalogue::class_of_host(effect.target);
            return;
        }
        case model::EffectKind::Read:
        case model::EffectKind::Write:
        case model::EffectKind::Create:
        case model::EffectKind::Delete:
        case model::EffectKind::Rename:
        case model::EffectKind::Chmod: {
            catalogue::Place place = place_of(command);
            auto path = catalogue::resolve_path(effect.target, place);
            if (path) {
                effect.place = catalogue::class_of_path(*path, place);
                effect.target = std::move(*path);
            }
            if (effect.kind == model::EffectKind::Read && effect.place == model::Place::Secret) {
                effect.kind = model::EffectKind::SecretRead;
            }
            return;
        }
        default:
            return;
    }
}

void Unwrapper::enter_quoted_command(std::size_t index, const model::Effect& effect) {
    Inner inner;
    inner.kind = Inner::Kind::Shell;
    inner.language = "sh";
    inner.text = Word::literal(effect.target, effect.span);
    enter(index, inner);
}

void Unwrapper::unknown_text(std::size_t index, const Inner& inner) {
    const std::string language = inner.language.empty() ? "code" : inner.language + " code";
    unknown("runs " + language + " that cannot be known");
    out_.commands[index].complete = false;
    add_effect({.kind = model::EffectKind::Eval,
                .target = {},
                .place = model::Place::Unknown,
                .span = inner.text.span,
                .detail = "runs " + language + " that cannot be known"},
               index);
}

void Unwrapper::read_client_shell(const sql::ShellText& shell, std::optional<model::Span> span) {
    if (shell.text.empty()) {
        unknown("the database client runs shell text that cannot be known");
        add_effect({.kind = model::EffectKind::Eval,
                    .target = {},
                    .place = model::Place::Unknown,
                    .span = span.value_or(shell.span),
                    .detail = "runs shell text that cannot be known"},
                   0);
        return;
    }
    quoted_text(shell.text, span.value_or(shell.span));
}

void Unwrapper::sql(std::string_view text, sql::Dialect dialect, std::optional<model::Span> span) {
    sql::SqlFacts facts = sql::analyze(text, dialect);
    if (!facts.ok) {
        unknown("SQL that cannot be read: " + facts.error);
        add_effect({.kind = model::EffectKind::Unknown,
                    .target = {},
                    .place = model::Place::Database,
                    .span = span.value_or(model::Span{}),
                    .detail = "SQL that cannot be read"},
                   0);
        return;
    }
    for (const sql::ShellText& shell : facts.shell) {
        read_client_shell(shell, span);
    }
    for (sql::Statement& statement : facts.statements) {
        for (model::Effect& effect : statement.effects) {
            effect.span = span.value_or(effect.span);
            add_effect(std::move(effect), 0);
        }
        for (model::Finding& finding : statement.findings) {
            finding.span = span.value_or(finding.span);
            out_.findings.push_back(std::move(finding));
        }
    }
}

}  // namespace countersign::gate
