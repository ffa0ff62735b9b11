#include "gate/understand.h"

#include <algorithm>
#include <array>

#include "catalogue/catalogue.h"
#include "gate/tool_call.h"
#include "gate/unwrap.h"

namespace countersign::gate {
namespace {

using model::ActionKind;
using model::Effect;
using model::EffectKind;
using model::Place;
using model::Span;

/// Programs that are many: which one runs is told by argv[0], not by the file.
constexpr std::array<std::string_view, 3> kMultiCall = {"busybox", "toybox", "coreutils"};

std::string_view base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

void read_text(const model::ActionRequest& request, Unwrapper& walk) {
    walk.text(request.action.text, shell::Dialect::Bash);
}

/// Spans of an argv are those of the words joined by single spaces, so that a screen can point.
void read_exec(const model::ActionRequest& request, Unwrapper& walk) {
    const model::Action& action = request.action;
    model::ResolvedCommand command;
    command.directory = request.context.directory;
    std::uint32_t at = 0;
    for (const std::string& word : action.argv) {
        const Span span{at, at + static_cast<std::uint32_t>(word.size())};
        at = span.end + 1;
        command.argv.push_back(model::Word::literal(word, span));
    }
    command.span = {0, at == 0 ? 0 : at - 1};
    if (command.argv.empty()) {
        command.target = model::ResolvedCommand::Target::Unknown;
    } else if (!action.program.empty()) {
        // The kernel runs the file; argv[0] is only what the caller calls it (exec -a ls rm).
        const std::string called(base_name(action.argv.front()));
        const std::string_view file = base_name(action.program);
        command.argv.front().value = action.program;
        const bool many = std::find(kMultiCall.begin(), kMultiCall.end(), file) != kMultiCall.end();
        if (many && called != file) {
            command.argv.insert(command.argv.begin() + 1,
                                model::Word::literal(called, command.argv.front().span));
        }
    }
    // A program without a name on disk: nobody can look at what ran (memfd_create + execveat).
    const bool nameless =
        action.program.starts_with("/memfd:") || action.program.ends_with(" (deleted)");
    const Span whole = command.span;
    walk.command(std::move(command));
    if (nameless) {
        walk.nameless_program(action.program, whole);
    }
}

void read_sql(const model::ActionRequest& request, Unwrapper& walk) {
    walk.sql(request.action.text, sql_dialect(request.action.server), std::nullopt);
}

struct Method {
    std::string_view name;
    EffectKind kind;
};

constexpr std::array kMethods = {
    Method{"GET", EffectKind::Download},    Method{"HEAD", EffectKind::Connect},
    Method{"OPTIONS", EffectKind::Connect}, Method{"POST", EffectKind::Upload},
    Method{"PUT", EffectKind::Upload},      Method{"PATCH", EffectKind::Upload},
    Method{"DELETE", EffectKind::Infra},    Method{"CONNECT", EffectKind::Connect},
};

void read_http(const model::ActionRequest& request, Unwrapper& walk) {
    const model::Action& action = request.action;
    const std::string host = host_of_url(action.target);
    const Place place = host.empty() ? Place::Unknown : catalogue::class_of_host(host);
    const auto method = std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& entry) {
        return entry.name == action.name;
    });
    EffectKind kind = EffectKind::Unknown;
    if (method == kMethods.end()) {
        walk.unknown("the HTTP method is not known");
    } else {
        kind = method->kind;
    }
    // A query string carries data out as well as a body does; only its length tells them apart.
    if (kind == EffectKind::Download && !action.text.empty()) {
        kind = EffectKind::Upload;
    }
    walk.add_effect({.kind = kind,
                     .target = host,
                     .place = place,
                     .span = {0, static_cast<std::uint32_t>(action.text.size())},
                     .detail = action.name + " request"},
                    0);
}

struct FileVerb {
    std::string_view name;
    EffectKind kind;
};

constexpr std::array kFileVerbs = {FileVerb{"read", EffectKind::Read},
                                   FileVerb{"write", EffectKind::Write},
                                   FileVerb{"delete", EffectKind::Delete}};

/// What a file effect is called where the place says more than the verb.
EffectKind kind_at(EffectKind kind, Place place) {
    if (kind == EffectKind::Read) {
        return place == Place::Secret ? EffectKind::SecretRead : kind;
    }
    if (kind == EffectKind::Write && (place == Place::Startup || place == Place::Schedule)) {
        return EffectKind::Persist;
    }
    return kind;
}

void read_file(const model::ActionRequest& request, Unwrapper& walk) {
    const model::Action& action = request.action;
    const catalogue::Place around{request.context.directory, workspace_of(request.context),
                                  request.context.home, request.context.staged};
    const auto path = catalogue::resolve_path(action.target, around);
    const Place place = path ? catalogue::class_of_path(*path, around) : Place::Unknown;
    const auto verb =
        std::find_if(kFileVerbs.begin(), kFileVerbs.end(),
                     [&](const FileVerb& entry) { return entry.name == action.name; });
    EffectKind kind = EffectKind::Unknown;
    if (verb == kFileVerbs.end() || !path) {
        walk.unknown(path ? "the file operation is not known" : "the path is not known");
    } else {
        kind = kind_at(verb->kind, place);
    }
    const bool inside = place == Place::Workspace;
    walk.add_effect({.kind = kind,
                     .target = path.value_or(std::string()),
                     .place = place,
                     .reversible = inside && request.context.staged,
                     .span = {0, static_cast<std::uint32_t>(action.text.size())},
                     .detail = {}},
                    0);
}

using Reader = void (*)(const model::ActionRequest&, Unwrapper&);

/// By ActionKind.
constexpr std::array<Reader, 6> kReaders = {read_text,      read_exec, read_sql,
                                            read_tool_call, read_http, read_file};

}  // namespace

Understood understand(const model::ActionRequest& request) {
    Understood understood;
    Unwrapper walk(request, understood);
    const auto kind = static_cast<std::size_t>(request.action.kind);
    if (kind >= kReaders.size()) {
        understood.beyond_bound = "an action of no known kind";
        return understood;
    }
    kReaders[kind](request, walk);
    return understood;
}

std::vector<inspect::CommandView> views_of(const Understood& understood) {
    std::vector<inspect::CommandView> views;
    views.reserve(std::max<std::size_t>(understood.commands.size(), 1));
    for (const UnderstoodCommand& command : understood.commands) {
        views.push_back(
            {&command.command, command.program_class, command.inside, command.elsewhere});
    }
    return views;
}

}  // namespace countersign::gate
