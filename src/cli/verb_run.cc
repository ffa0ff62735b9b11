// run: a session, the jail, the screen, the summary.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <mutex>
#include <thread>

#include "cli/field.h"
#include "cli/paint.h"
#include "cli/run_screen.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "jail/jail.h"
#include "jail/profile_shelf.h"
#include "jail/stage.h"
#include "sys/files.h"
#include "sys/process.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// Copies what the supervisor tells into the queue; starts the screen's thread on first need, when
/// the supervisor has blocked the signals that are its own (jail.h).
class Observer final : public jail::Observer {
public:
    Observer(RunEvents& events, RunScreen& screen) : events_(events), screen_(screen) {}
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;
    ~Observer() override { finish(); }

    void decided(const model::ActionRequest& request, const client::ActionAnswer& answer) override {
        start();
        events_.push({RunEvent::Kind::Decided, request, answer});
    }
    void held(const model::ActionRequest& request, const client::ActionAnswer& answer) override {
        start();
        events_.push({RunEvent::Kind::Held, request, answer});
    }
    /// Returns when the screen has shown everything.
    void finish() {
        if (thread_.joinable()) {
            events_.push({RunEvent::Kind::Finished, {}, {}});
            thread_.join();
        }
    }

private:
    void start() {
        std::call_once(started_, [this] { thread_ = std::thread([this] { screen_.loop(); }); });
    }

    RunEvents& events_;
    RunScreen& screen_;
    std::once_flag started_;
    std::thread thread_;
};

/// The directory the command starts in, as the kernel will name it.
std::string start_directory(World& world, const std::string& workspace) {
    const std::string& here = world.person().directory;
    const bool inside = here == workspace || here.starts_with(workspace + "/");
    auto real = sys::real_path(inside ? here : workspace);
    return real.ok() ? real.take() : workspace;
}

/// What the person typed, for their consent to start it. What JSON cannot carry exactly, or is too
/// long to keep with a session, is left out; its start is then a question like any other.
std::vector<std::string> typed_command(const Arguments& arguments) {
    std::size_t bytes = 0;
    for (const std::string& word : arguments.operands()) {
        bytes += word.size();
        if (text::invalid_utf8_at(word)) {
            return {};
        }
    }
    const bool fits =
        bytes <= model::kStartedBytesMax && arguments.operands().size() <= model::kStartedWordsMax;
    return fits ? arguments.operands() : std::vector<std::string>();
}

/// The jail that was asked for: a profile, and what flags add to it and take from it.
struct JailChoice {
    jail::FoundProfile found;
    std::vector<jail::Weakening> weakenings;
    std::vector<std::string> names;  ///< of the weakenings, for the record
};

Result<JailChoice> choose_jail(World& world, const Arguments& arguments,
                               const client::Locations& locations) {
    const std::string name = arguments.value_or("profile", jail::kUsualProfile);
    JailChoice choice;
    choice.found = TRY(jail::ProfileShelf::usual(locations.config_directory).find(name));
    if (arguments.has("no-network")) {
        choice.found.profile.network = jail::Profile::Network::None;
    }
    choice.weakenings = jail::weakenings_of(choice.found.profile, world.person().home);
    for (const std::string& path : arguments.values("writable")) {
        auto real = sys::real_path(path);
        choice.weakenings.push_back(jail::Weakening::writable(real.ok() ? real.take() : path));
    }
    for (const jail::Weakening& weakening : choice.weakenings) {
        choice.names.push_back(weakening.text());
    }
    return choice;
}

Result<model::SessionRequest> session_request(World& world, const Arguments& arguments,
                                              const std::string& workspace,
                                              const JailChoice& choice) {
    model::SessionRequest request;
    const std::string& program = arguments.operand(0);
    request.agent.id = arguments.value_or("name", program.substr(program.rfind('/') + 1));
    request.agent.type = arguments.value_or("agent", "coding");
    request.agent.model = arguments.value_or("model", "");
    request.principal = world.person().name;
    request.purpose = arguments.value_or("purpose", "");
    request.door = "run";
    request.host = world.person().host;
    request.workspace = workspace;
    request.home = world.person().home;
    request.contained = true;
    request.staged = arguments.has("staged");
    request.process_id = static_cast<int>(sys::process_id());
    const auto ceiling = model::tier_from(arguments.value_or("ceiling", "irreversible"));
    request.ceiling = ceiling.value_or(model::Tier::ReadOnly);
    const auto lifetime = parse_duration(arguments.value_or("lifetime", "8h"));
    if (!lifetime) {
        return Error(ErrorCode::InvalidArgument, "--lifetime is no span", "such as 30m or 8h");
    }
    request.lifetime = *lifetime;
    request.command = typed_command(arguments);
    request.directory = start_directory(world, workspace);
    request.profile = choice.found.name;
    request.weakenings = choice.names;
    return request;
}

Result<std::string> workspace_of(World& world, const Arguments& arguments) {
    const std::string wanted = arguments.value_or("workspace", world.person().directory);
    std::string path = TRY(sys::real_path(wanted));
    if (path == "/" || path == world.person().home) {
        return Error(ErrorCode::InvalidArgument, "the workspace may not be " + path,
                     "give the project's own directory with --workspace DIR");
    }
    return path;
}

jail::RunOptions run_options(World& world, const Arguments& arguments,
                             const client::Locations& locations, const JailChoice& choice,
                             const model::SessionGrant& grant) {
    jail::RunOptions options;
    options.argv = arguments.operands();
    options.workspace = grant.session.workspace;
    options.directory = start_directory(world, options.workspace);
    options.agent_socket = locations.agent_socket;
    options.session_token = grant.token;
    options.session_id = grant.session.id;
    options.agent = grant.session.agent;
    options.home = world.person().home;
    jail::apply(choice.found.profile, options);
    options.weakenings = choice.weakenings;
    options.recorded_weakenings = grant.session.weakenings;
    for (const std::string& path : {locations.state_directory, locations.config_directory,
                                    locations.operator_socket, locations.operator_token_file}) {
        options.hidden.push_back(path);
    }
    if (const auto key = arguments.value("key")) {
        auto real = sys::real_path(*key);
        options.hidden.push_back(real.ok() ? real.take() : *key);
    }
    return options;
}

/// Someone to ask at this terminal, or nothing: then held actions wait for `countersign approve`.
Result<std::optional<RunScreen::Asking>> asking(World& world, Gateway& gateway,
                                                const Arguments& arguments) {
    const bool possible = world.console().can_ask() && world.console().err_look().terminal;
    const std::string where = arguments.value_or("ask", possible ? "here" : "elsewhere");
    if (where != "here") {
        return std::optional<RunScreen::Asking>();
    }
    auto answers = terminal_answers();
    if (!answers.ok()) {
        Error error = answers.take_error();
        error.hint = "--ask elsewhere, and countersign approve in another terminal";
        return error;
    }
    std::optional<Signer> signer = TRY(ready_signer(world, gateway, arguments));
    if (!signer) {
        return std::optional<RunScreen::Asking>();
    }
    auto own = world.separate_gateway();
    if (!own.ok()) {
        return own.take_error();
    }
    RunScreen::Asking made{own.take(), answers.take(), std::move(*signer)};
    return std::optional<RunScreen::Asking>(std::move(made));
}

double prompts_per_100(const jail::RunReport& report) {
    return report.actions == 0
               ? 0
               : 100.0 * static_cast<double>(report.held) / static_cast<double>(report.actions);
}

std::string decimal(double value, int digits) {
    std::array<char, 64> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
    return {buffer.data(), static_cast<std::size_t>(length > 0 ? length : 0)};
}

double seconds(Duration span) {
    return std::chrono::duration<double>(span).count();
}

void print_summary(World& world, const Arguments& arguments, const jail::RunReport& report,
                   const std::string& session) {
    if (arguments.json()) {
        world.console().out(
            json::serialize(json::object{{"session", session},
                                         {"exit_code", report.exit_code},
                                         {"actions", report.actions},
                                         {"auto_approved", report.allowed},
                                         {"held", report.held},
                                         {"denied", report.denied},
                                         {"prompts_per_100", prompts_per_100(report)},
                                         {"duration_s", seconds(report.duration)}}) +
            "\n");
        return;
    }
    const Look& look = world.console().err_look();
    world.console().err(
        "\n" +
        print_pairs(
            look, {{"session", session + " ended after " + decimal(seconds(report.duration), 1) +
                                   " s, exit status " + std::to_string(report.exit_code)},
                   {"actions", std::to_string(report.actions)},
                   {"auto-approved", std::to_string(report.allowed)},
                   {"held", std::to_string(report.held) + " (" +
                                decimal(prompts_per_100(report), 1) + " prompts per 100 actions)"},
                   {"denied", std::to_string(report.denied)},
                   {"record", "countersign audit search --session " + session}}));
}

/// "", or what the person should know that they gave.
std::string weakened(const model::Session& session) {
    std::string out;
    for (const std::string& text : session.weakenings) {
        out += (out.empty() ? ", weakened: " : "; ") + text::visible(text);
    }
    return out;
}

void print_opening(World& world, const model::SessionGrant& grant, bool asks_here) {
    const Look& look = world.console().err_look();
    const model::Session& session = grant.session;
    world.console().err(
        print_pairs(look, {{"session", session.id},
                           {"agent", session.agent.type + " " + session.agent.id +
                                         (session.purpose.empty() ? "" : ": " + session.purpose)},
                           {"workspace", session.workspace},
                           {"profile", session.profile + weakened(session)},
                           {"questions", asks_here ? "here"
                                                   : "wait for countersign approve, "
                                                     "countersign watch --ask"}}));
}

Result<jail::RunReport> supervise(jail::RunOptions& options, RunEvents& events, RunScreen& screen) {
    Observer observer(events, screen);
    options.observer = &observer;
    return jail::run(options);
}

/// The token dies with the session, so this is tried whatever happened to the agent; when it
/// cannot be done the session still ends by its lifetime.
void end_session(World& world, Gateway& gateway, const std::string& session) {
    json::object body;
    body["reason"] = "the agent ended";
    const auto ended = gateway.post("/v1/sessions/" + encode(session) + "/end", body);
    if (!ended.ok() && ended.error().code != ErrorCode::Conflict) {
        world.console().err(
            "the session could not be ended: " + text::visible(ended.error().message) + "\n");
    }
}

Detail detail_of(const Arguments& arguments) {
    if (arguments.has("verbose")) {
        return Detail::Verbose;
    }
    return arguments.has("quiet") ? Detail::Quiet : Detail::Normal;
}

/// Where the file changes of this run can be undone from.
Result<jail::Stage> stage_of(const Arguments& arguments, const client::Locations& locations,
                             const std::string& workspace, const std::string& session) {
    constexpr std::size_t kSnapshotsKept = 10;
    TRY(jail::Stage::retire_snapshots(locations.state_directory, kSnapshotsKept - 1));
    jail::StageInfo info;
    info.session = session;
    info.workspace = workspace;
    info.kind = arguments.has("staged") ? jail::StageKind::Overlay : jail::StageKind::Snapshot;
    return jail::Stage::create(locations.state_directory, info);
}

void print_changes(World& world, jail::Stage& stage) {
    const auto ended = stage.end();
    if (!ended.ok()) {
        world.console().err("countersign: run: " + ended.error().message + "\n");
    }
    const auto changes = stage.changes();
    const auto unsaved = stage.unsaved();
    const auto removed = changes.ok() ? stage.remove_if_empty() : Result<void>();
    if (!removed.ok() || !changes.ok()) {
        world.console().err("countersign: run: the changes cannot be listed: " +
                            (removed.ok() ? changes.error() : removed.error()).message + "\n");
        return;
    }
    const auto count = std::count_if(changes->begin(), changes->end(), [](const auto& change) {
        return change.kind != jail::Change::Kind::Touched;
    });
    if (count != 0) {
        world.console().err(
            print_pairs(world.console().err_look(),
                        {{"changes", std::to_string(count) + " (countersign changes " +
                                         stage.info().session + " [diff|keep|undo])"}}));
    }
    if (!unsaved.ok() || !unsaved->empty()) {
        world.console().err(print_pairs(
            world.console().err_look(),
            {{"not undoable", unsaved.ok()
                                  ? std::to_string(unsaved->size()) +
                                        " actions may have changed more than was copied: " +
                                        text::visible(unsaved->front().why)
                                  : unsaved.error().message}}));
    }
}

}  // namespace

Result<int> verb_run(World& world, const Arguments& arguments) {
    const client::Locations locations = TRY(world.locations());
    const JailChoice choice = TRY(choose_jail(world, arguments, locations));
    const std::string workspace = TRY(workspace_of(world, arguments));
    Gateway* gateway = TRY(world.gateway());
    auto ask = asking(world, *gateway, arguments);
    if (!ask.ok()) {
        return ask.take_error();
    }
    const model::SessionRequest request = TRY(session_request(world, arguments, workspace, choice));
    const model::SessionGrant grant = TRY(gateway->open_session(request));
    print_opening(world, grant, ask->has_value());
    const Detail detail = detail_of(arguments);
    world.console().err(DecisionLines(world.console().err_look(), detail).legend());

    RunEvents events;
    RunScreen screen(events, world.console(), world.clock(), detail, ask.take());
    jail::RunOptions options = run_options(world, arguments, locations, choice, grant);
    auto stage = stage_of(arguments, locations, workspace, grant.session.id);
    if (!stage.ok()) {
        end_session(world, *gateway, grant.session.id);
        return stage.take_error();
    }
    if (arguments.has("staged")) {
        options.stage = stage->directory();
    } else {
        options.saves = &stage.value();
    }
    const auto report = supervise(options, events, screen);
    end_session(world, *gateway, grant.session.id);
    if (!report.ok()) {
        return report.error();
    }
    constexpr int kNotFound = 127;  // as shells say it
    if (report->exit_code == kNotFound && report->actions == 0) {
        world.console().err("countersign: run: " + text::visible(options.argv.front()) +
                            " is not there for the agent (hint: it has a /tmp of its own; keep "
                            "what it needs in the workspace or name it with --writable)\n");
    }
    print_summary(world, arguments, *report, grant.session.id);
    print_changes(world, *stage);
    return report->exit_code;
}

}  // namespace countersign::cli
