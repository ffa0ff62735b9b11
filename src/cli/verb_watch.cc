// watch: what is decided, as it is decided; with --ask also the questions.
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/limits.h"
#include "cli/ask.h"
#include "cli/decision_line.h"
#include "cli/field.h"
#include "cli/paint.h"
#include "cli/verbs.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// Actions that are shown at first, newest first; what comes later is told by the gateway.
constexpr std::size_t kWindow = 200;
constexpr Duration kTurn = std::chrono::milliseconds(400);
/// What was seen is forgotten oldest first past this; ids are time-ordered.
constexpr std::size_t kRemembered = 10 * kWindow;

class Watch {
public:
    Watch(World& world, Gateway& gateway, const Arguments& arguments)
        : world_(world),
          gateway_(gateway),
          json_(arguments.json()),
          lines_(world.console().out_look(), Detail::Normal) {
        path_ = "/v1/actions?limit=" + std::to_string(kWindow);
        if (const auto session = arguments.value("session")) {
            session_ = *session;
            path_ += "&session=" + encode(*session);
        }
    }

    /// Prints what is there already, oldest first.
    Result<void> look() {
        std::vector<json::value> fresh;
        TRY(each_item(gateway_, path_, kWindow, [&](const json::value& item) {
            if (is_news(item)) {
                fresh.push_back(item);
            }
        }));
        for (auto item = fresh.rbegin(); item != fresh.rend(); ++item) {
            show(*item);
        }
        return {};
    }

    Result<void> take(const client::ServerEvent& event) {
        const json::value data = TRY(text::parse_json(event.data, limits::kRecordBytesMax));
        if (event.type == "action") {
            const std::string session = text_at(data, "request.context.session");
            if ((session_.empty() || session == session_) && is_news(data)) {
                show(data);
            }
        } else if (event.type == "alert" &&
                   (session_.empty() || text_at(data, "subject") == session_)) {
            tell("alert", data,
                 text_at(data, "kind") + " " + text_at(data, "subject") + ": " +
                     text_at(data, "message"));
        } else if (event.type == "freeze") {
            tell("freeze", data,
                 (flag_at(data, "frozen") ? "everything is held by " : "thawed by ") +
                     text_at(data, "by") + ": " + text_at(data, "reason"));
        }
        return {};
    }

    /// Shows a run of like actions that was held back to be one line.
    void pause() {
        if (!json_) {
            world_.console().out(lines_.flush());
        }
    }

    /// Held actions that no question was asked about yet.
    std::vector<std::string> take_held() { return std::exchange(held_, {}); }

private:
    /// Whether this state of the action was not shown yet.
    bool is_news(const json::value& item) {
        const std::string state = text_at(item, "state");
        std::string& before = seen_[text_at(item, "id")];
        // "done" adds the outcome to an action that was shown when it was decided.
        const bool told = state == before || (state == "done" && before == "granted");
        before = state;
        while (seen_.size() > kRemembered) {
            seen_.erase(seen_.begin());
        }
        return !told;
    }

    void tell(std::string_view type, const json::value& data, const std::string& line) {
        if (json_) {
            json::object out;
            out[type] = data;
            world_.console().out(json::serialize(out) + "\n");
            return;
        }
        const Look& look = world_.console().out_look();
        const std::string time = format_instant(world_.clock().now()).substr(11, 8);
        world_.console().out(lines_.flush() + time + " " +
                             paint(look, Tone::Warn, std::string(type) + " " + shown(look, line)) +
                             "\n");
    }

    void show(const json::value& item) {
        if (json_) {
            world_.console().out(json::serialize(item) + "\n");
            return;
        }
        const auto view = view_from(item);
        if (!view.ok()) {
            world_.console().err("unreadable action: " + text::visible(view.error().message) +
                                 "\n");
            return;
        }
        const Instant when = parse_instant(view->created).value_or(world_.clock().now());
        if (view->answer.open()) {
            world_.console().out(lines_.held(view->request, view->answer, when));
            if (view->answer.state == client::ActionState::Pending) {
                held_.push_back(view->answer.id);
            }
        } else {
            world_.console().out(lines_.decided(view->request, view->answer, when));
        }
    }

    World& world_;
    Gateway& gateway_;
    bool json_;
    DecisionLines lines_;
    std::string path_;
    std::string session_;                      ///< empty: all
    std::map<std::string, std::string> seen_;  ///< id -> state last shown
    std::vector<std::string> held_;
};

Result<void> ask_about(World& world, Gateway& gateway, const Signer& signer,
                       const std::string& action) {
    Console& console = world.console();
    Question question =
        TRY(Question::open(gateway, world.clock(), signer, console.err_look(), action));
    if (!question.open()) {
        return {};
    }
    console.discard_input();
    console.err(question.opening());
    while (true) {
        console.err(question.prompt());
        const auto line = TRY(console.read_line());
        if (!line) {
            return Error(ErrorCode::Unavailable, "standard input ended");
        }
        const Question::Reply reply = question.answer(*line);
        console.err(reply.text);
        if (reply.next == Question::Reply::Next::Done) {
            return {};
        }
    }
}

}  // namespace

Result<int> verb_watch(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    std::optional<Signer> signer;
    if (arguments.has("ask")) {
        signer = TRY(ready_signer(world, *gateway, arguments));
    }
    if (!arguments.json()) {
        world.console().err(DecisionLines(world.console().err_look(), Detail::Normal).legend());
    }
    // Opened before the first look, so that nothing falls between the two.
    const std::unique_ptr<LiveEvents> events = TRY(gateway->events());
    Watch watch(world, *gateway, arguments);
    TRY(watch.look());
    while (true) {
        for (const std::string& action : watch.take_held()) {
            if (signer) {
                TRY(ask_about(world, *gateway, *signer, action));
            }
        }
        if (!world.pause(Duration::zero())) {
            watch.pause();
            return 0;
        }
        const auto event = TRY(events->next(kTurn));
        if (event) {
            TRY(watch.take(*event));
        } else {
            watch.pause();
        }
    }
}

}  // namespace countersign::cli
