// changes: what a run did to files, and keeping or undoing it.
#include <algorithm>
#include <boost/json.hpp>

#include "base/limits.h"
#include "cli/field.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "jail/stage.h"
#include "jail/text_diff.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

using jail::Change;
using jail::EntryType;
using jail::Stage;

constexpr int kSomeNotDone = 3;

bool is_shown(const Change& change) {
    return change.kind != Change::Kind::Touched;
}

std::vector<Change> shown(std::vector<Change> changes) {
    std::erase_if(changes, [](const Change& change) { return !is_shown(change); });
    return changes;
}

std::string kind_of(const Change& change) {
    return std::string(jail::kChangeKindNames[static_cast<std::size_t>(change.kind)]);
}

constexpr std::array<std::string_view, 5> kTypeNames = {"", "file", "directory", "link", "other"};

std::string type_of(const Change& change) {
    const EntryType type = change.after.exists() ? change.after.type : change.before.type;
    return std::string(kTypeNames[static_cast<std::size_t>(type)]);
}

json::object to_json(const Change& change) {
    return {{"path", text::to_valid_utf8(change.path)},
            {"change", kind_of(change)},
            {"type", type_of(change)},
            {"size_before", change.before.size},
            {"size_after", change.after.size},
            {"mode_before", change.before.mode},
            {"mode_after", change.after.mode},
            {"conflict", change.conflict}};
}

json::array to_json(const std::vector<jail::Unsaved>& notes) {
    json::array out;
    for (const jail::Unsaved& note : notes) {
        out.push_back(
            json::object{{"action", note.action}, {"program", note.program}, {"why", note.why}});
    }
    return out;
}

Result<int> print_list(World& world, const Arguments& arguments, const Stage& stage,
                       const std::vector<Change>& changes) {
    const std::vector<jail::Unsaved> notes = TRY(stage.unsaved());
    if (arguments.json()) {
        json::array items;
        for (const Change& change : changes) {
            items.push_back(to_json(change));
        }
        return print_json(
            world, json::object{
                       {"session", stage.info().session},
                       {"workspace", stage.info().workspace},
                       {"kind", jail::kStageKindNames[static_cast<std::size_t>(stage.info().kind)]},
                       {"unsaved", to_json(notes)},
                       {"items", std::move(items)}});
    }
    Table table({{"CHANGE"},
                 {"TYPE"},
                 {"BYTES", Column::Side::Right},
                 {"PATH", Column::Side::Left, Column::Width::Yields}});
    for (const Change& change : changes) {
        const bool file = change.after.type == EntryType::File;
        table.add({kind_of(change) + (change.conflict ? " (conflict)" : ""), type_of(change),
                   file ? std::to_string(change.after.size) : std::string(), change.path});
    }
    world.console().out(table.print(world.console().out_look()));
    for (const jail::Unsaved& note : notes) {
        world.console().err("not all of " + note.action + " (" + text::visible(note.program) +
                            ") can be undone: " + text::visible(note.why) + "\n");
    }
    return 0;
}

/// Content belongs to the agent: on a terminal nothing of it may act.
std::string printable(const World& /*world*/, const Look& look, std::string text) {
    constexpr std::size_t kAll = 8 * Stage::kShownBytesMax;
    return look.terminal ? text::visible_lines(text, kAll) : text;
}

std::string header(const Change& change, const std::string& path) {
    std::string out;
    out += change.before.exists() ? "--- a/" + path + "\n" : "--- /dev/null\n";
    out += change.after.exists() ? "+++ b/" + path + "\n" : "+++ /dev/null\n";
    return out;
}

std::string diff_of(const Stage& stage, const Change& change) {
    const std::string path = text::visible(change.path);
    std::string modes;
    if (change.before.exists() && change.after.exists() &&
        change.before.mode != change.after.mode && change.after.type != EntryType::Link) {
        std::array<char, 64> line{};
        const int length = std::snprintf(line.data(), line.size(), "mode %04o -> %04o\n",
                                         change.before.mode, change.after.mode);
        modes = path + ": " + std::string(line.data(), static_cast<std::size_t>(length));
    }
    const auto before = stage.content(change, Stage::Moment::Before);
    const auto after = stage.content(change, Stage::Moment::After);
    if (!before.ok() || !after.ok()) {
        return modes + path + ": " + (before.ok() ? after : before).error().message + "\n";
    }
    const std::string was = before->value_or("");
    const std::string is = after->value_or("");
    if (jail::looks_binary(was) || jail::looks_binary(is)) {
        return modes + "Binary files a/" + path + " and b/" + path + " differ\n";
    }
    const std::string hunks = jail::unified_diff(was, is);
    return hunks.empty() ? modes : modes + header(change, path) + hunks;
}

Result<int> print_diff(World& world, const Stage& stage, const std::vector<Change>& changes) {
    const Look& look = world.console().out_look();
    for (const Change& change : changes) {
        world.console().out(printable(world, look, diff_of(stage, change)));
    }
    return 0;
}

/// The paths as the stage knows them. Bounded by what a command line takes.
Result<Stage::Paths> paths_of(const Arguments& arguments, const std::string& workspace) {
    Stage::Paths out;
    for (std::size_t i = 2; i < arguments.operands().size(); ++i) {
        std::string path = arguments.operand(i);
        if (path.starts_with(workspace + "/")) {
            path.erase(0, workspace.size() + 1);
        }
        while (path.ends_with('/')) {
            path.pop_back();
        }
        if (path.starts_with("./")) {
            path.erase(0, 2);
        }
        const std::string framed = "/" + path + "/";
        if (path.empty() || path.starts_with('/') || framed.find("/../") != std::string::npos ||
            framed.find("/./") != std::string::npos || framed.find("//") != std::string::npos) {
            return Error(ErrorCode::InvalidArgument,
                         text::visible(arguments.operand(i)) + ": not a path in the workspace");
        }
        out.push_back(std::move(path));
    }
    return out;
}

// --- keep ----------------------------------------------------------------------------------------

/// Asks for each change as the action that it is: a file written or deleted.
class Asking {
public:
    Asking(World& world, const Stage& stage, client::AgentClient client, std::string session)
        : world_(world), stage_(stage), client_(std::move(client)), session_(std::move(session)) {}

    /// Answers come in the order of `changes`; what is held is asked for first and waited for
    /// after.
    Result<void> ask(const std::vector<Change>& changes) {
        for (const Change& change : changes) {
            client::ActionAnswer answer = TRY(client_.submit(request(change), Duration{}));
            if (answer.open()) {
                world_.console().err("held: " + text::visible(change.path) +
                                     " (countersign approve " + answer.id + ")\n");
            }
            answers_.push_back(std::move(answer));
        }
        for (client::ActionAnswer& answer : answers_) {
            while (answer.open()) {
                const std::string id = answer.id;
                answer = TRY(client_.await(id, std::chrono::seconds(20)));
            }
        }
        return {};
    }

    /// Paths that nobody may carry over.
    [[nodiscard]] Stage::Paths refused(const std::vector<Change>& changes) const {
        Stage::Paths out;
        for (std::size_t i = 0; i < changes.size(); ++i) {
            if (!answers_[i].granted()) {
                out.push_back(changes[i].path);
                world_.console().err("not kept: " + text::visible(changes[i].path) + ": " +
                                     text::visible(answers_[i].message) + "\n");
            }
        }
        return out;
    }

    /// What became of the granted ones. A report that fails leaves the action open in the record.
    void report(const std::vector<Change>& changes, const std::vector<Change>& kept) {
        std::vector<std::string> paths;
        for (const Change& change : kept) {
            paths.push_back(change.path);
        }
        std::sort(paths.begin(), paths.end());
        for (std::size_t i = 0; i < changes.size(); ++i) {
            if (!answers_[i].granted()) {
                continue;
            }
            const bool done = std::binary_search(paths.begin(), paths.end(), changes[i].path);
            model::Outcome outcome;
            outcome.started = done;
            outcome.error = done ? "" : "left in the stage";
            if (done) {
                outcome.files_changed = {stage_.info().workspace + "/" + changes[i].path};
            }
            (void)client_.report(answers_[i].id, outcome);
        }
    }

private:
    [[nodiscard]] model::ActionRequest request(const Change& change) const {
        model::ActionRequest out;
        out.action.kind = model::ActionKind::File;
        out.action.name = change.after.exists() ? "write" : "delete";
        out.action.target = stage_.info().workspace + "/" + change.path;
        // What is not text, or longer than an action may be, is bound by path alone.
        const auto content = stage_.content(change, Stage::Moment::After);
        if (content.ok() && content->has_value() && !jail::looks_binary(**content) &&
            (**content).size() <= limits::kActionTextBytesMax) {
            out.action.text = **content;
        }
        out.context.session = session_;
        out.context.directory = stage_.info().workspace;
        out.context.workspace = stage_.info().workspace;
        out.context.door = "changes";
        return out;
    }

    World& world_;
    const Stage& stage_;
    client::AgentClient client_;
    std::string session_;
    std::vector<client::ActionAnswer> answers_;
};

/// A session of its own, judged by the rules of the agent that made the changes. `purpose` is what
/// stands in the record.
Result<model::SessionGrant> open_session(World& world, Gateway& gateway, const Stage& stage,
                                         const std::string& purpose) {
    const auto session = gateway.get("/v1/sessions/" + encode(stage.info().session));
    model::SessionRequest request;
    request.agent.type = session.ok() ? text_at(*session, "agent.type") : "";
    request.agent.type = request.agent.type.empty() ? "coding" : request.agent.type;
    request.agent.id = "changes";
    request.principal = world.person().name;
    request.purpose = purpose;
    request.door = "changes";
    request.host = world.person().host;
    request.workspace = stage.info().workspace;
    request.home = world.person().home;
    request.lifetime = std::chrono::hours(1);
    return gateway.open_session(request);
}

Result<int> keep(World& world, const client::Locations& locations, Stage& stage,
                 const Stage::Paths& paths) {
    std::vector<Change> wanted = TRY(stage.changes());
    std::erase_if(wanted, [&](const Change& change) {
        return !jail::is_chosen(change, paths) || !is_shown(change);
    });
    const auto conflicts = std::count_if(wanted.begin(), wanted.end(),
                                         [](const Change& change) { return change.conflict; });
    for (const Change& change : wanted) {
        if (change.conflict) {
            world.console().err("not kept: " + text::visible(change.path) +
                                ": changed in the workspace since the run began\n");
        }
    }
    std::erase_if(wanted, [](const Change& change) { return change.conflict; });
    if (wanted.empty()) {
        world.console().err("countersign: changes: nothing to keep\n");
        return conflicts == 0 ? 0 : kSomeNotDone;
    }
    Gateway* gateway = TRY(world.gateway());
    const model::SessionGrant grant = TRY(
        open_session(world, *gateway, stage, "keep the staged changes of " + stage.info().session));
    Asking asking(world, stage, client::AgentClient(locations.agent_socket, grant.token),
                  grant.session.id);
    const auto settle = [&]() -> Result<std::size_t> {
        TRY(asking.ask(wanted));
        const std::vector<Change> kept = TRY(stage.keep(paths, asking.refused(wanted)));
        asking.report(wanted, kept);
        return static_cast<std::size_t>(std::count_if(kept.begin(), kept.end(), is_shown));
    };
    auto kept = settle();
    const auto ended =
        gateway->post("/v1/sessions/" + encode(grant.session.id) + "/end", json::object{});
    if (!ended.ok()) {
        world.console().err("countersign: changes: the session ends by its lifetime: " +
                            ended.error().message + "\n");
    }
    if (!kept.ok()) {
        return kept.take_error();
    }
    world.console().err(std::to_string(*kept) + " changes kept\n");
    TRY(stage.remove_if_empty());
    return *kept == wanted.size() && conflicts == 0 ? 0 : kSomeNotDone;
}

/// What the record says: how many, and the first names.
std::string undone_text(const std::vector<Change>& undone) {
    constexpr std::size_t kNamesMax = 20;
    std::size_t count = 0;
    std::string names;
    for (const Change& change : undone) {
        if (is_shown(change) && count++ < kNamesMax) {
            names += (names.empty() ? ": " : ", ") + kind_of(change) + " " +
                     text::visible(change.path, 200);
        }
    }
    return std::to_string(count) + " changes undone" + names + (count > kNamesMax ? ", ..." : "");
}

/// A person's own act, so nobody is asked; it stands in the record all the same, as a session that
/// opens before anything is touched and ends with what was done. Without a record nothing is done.
Result<int> undo(World& world, Stage& stage, const Stage::Paths& paths) {
    Gateway* gateway = TRY(world.gateway());
    const model::SessionGrant grant =
        TRY(open_session(world, *gateway, stage, "undo what " + stage.info().session + " changed"));
    std::vector<Change> left;
    const auto undone = stage.undo(paths, &left);
    const std::string text =
        undone.ok() ? undone_text(undone.value()) : "undo failed: " + undone.error().message;
    const auto ended = gateway->post("/v1/sessions/" + encode(grant.session.id) + "/end",
                                     json::object{{"reason", text}});
    if (!undone.ok()) {
        return undone.error();
    }
    if (!ended.ok()) {
        return ended.error();
    }
    const auto count = std::count_if(undone->begin(), undone->end(), is_shown);
    world.console().err(std::to_string(count) + " changes undone\n");
    std::erase_if(left, [](const Change& change) { return !is_shown(change); });
    for (const Change& change : left) {
        world.console().err("left: " + text::visible(change.path) +
                            ": changed in the workspace after the run; name it to undo it\n");
    }
    if (paths.empty() && left.empty()) {
        TRY(stage.remove());
    } else {
        TRY(stage.remove_if_empty());
    }
    return left.empty() ? 0 : kSomeNotDone;
}

Result<int> list_stages(World& world, const Arguments& arguments, const std::string& state) {
    json::array items;
    Table table({{"SESSION"},
                 {"KIND"},
                 {"CHANGES", Column::Side::Right},
                 {"WORKSPACE", Column::Side::Left, Column::Width::Yields}});
    for (const std::string& session : TRY(Stage::list(state))) {
        const auto stage = Stage::open(state, session, Stage::Access::Look);
        if (!stage.ok()) {
            table.add({session, std::string(), std::string("?"), stage.error().message});
            continue;
        }
        const auto changes = stage->changes();
        const std::string count =
            changes.ok() ? std::to_string(shown(changes.value()).size()) : "?";
        const std::string kind(jail::kStageKindNames[static_cast<std::size_t>(stage->info().kind)]);
        table.add({session, kind, count, stage->info().workspace});
        items.push_back(json::object{{"session", session},
                                     {"kind", kind},
                                     {"changes", count},
                                     {"workspace", stage->info().workspace}});
    }
    if (arguments.json()) {
        return print_json(world, json::object{{"items", std::move(items)}});
    }
    world.console().out(table.print(world.console().out_look()));
    return 0;
}

}  // namespace

Result<int> verb_changes(World& world, const Arguments& arguments) {
    if (world.inside_session()) {
        return Error(ErrorCode::PermissionDenied,
                     "this runs inside an agent's session; people keep and undo outside of it",
                     "if a person must know, say so in your answer to them");
    }
    const client::Locations locations = TRY(world.locations());
    const std::string& state = locations.state_directory;
    if (arguments.operands().empty()) {
        return list_stages(world, arguments, state);
    }
    const std::string what = arguments.operands().size() > 1 ? arguments.operand(1) : "list";
    const bool changing = what == "keep" || what == "undo";
    if (!changing && what != "list" && what != "diff") {
        return Error(ErrorCode::InvalidArgument, text::visible(what) + ": not known",
                     "list, diff, keep or undo");
    }
    Stage stage = TRY(Stage::open(state, arguments.operand(0),
                                  changing ? Stage::Access::Change : Stage::Access::Look));
    const Stage::Paths paths = TRY(paths_of(arguments, stage.info().workspace));
    if (changing) {
        return what == "keep" ? keep(world, locations, stage, paths) : undo(world, stage, paths);
    }
    std::vector<Change> changes = TRY(stage.changes());
    std::erase_if(changes, [&](const Change& change) {
        return !is_shown(change) || !jail::is_chosen(change, paths);
    });
    return what == "diff" ? print_diff(world, stage, changes)
                          : print_list(world, arguments, stage, changes);
}

}  // namespace countersign::cli
