// watch: what is decided, as it is decided; with --ask also the questions.
#include <boost/json.hpp>
#include <map>
#include <set>

#include "cli/ask.h"
#include "cli/decision_line.h"
#include "cli/field.h"
#include "cli/verbs.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// Actions looked at in one turn, newest first; a faster flow shows in the record.
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
            path_ += "&session=" + encode(*session);
        }
    }

    /// Prints what is new since the last turn, oldest first.
    Result<void> turn() {
        std::vector<json::value> fresh;
        TRY(each_item(gateway_, path_, kWindow, [&](const json::value& item) {
            const std::string state = text_at(item, "state");
            std::string& before = seen_[text_at(item, "id")];
            // "done" adds the outcome to an action that was shown when it was decided.
            const bool told = state == before || (state == "done" && before == "granted");
            before = state;
            if (!told) {
                fresh.push_back(item);
            }
        }));
        for (auto item = fresh.rbegin(); item != fresh.rend(); ++item) {
            show(*item);
        }
        while (seen_.size() > kRemembered) {
            seen_.erase(seen_.begin());
        }
        if (!json_) {
            world_.console().out(lines_.flush());
        }
        return {};
    }

    /// Held actions that no question was asked about yet.
    std::vector<std::string> take_held() { return std::exchange(held_, {}); }

private:
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
    Watch watch(world, *gateway, arguments);
    do {
        TRY(watch.turn());
        for (const std::string& action : watch.take_held()) {
            if (signer) {
                TRY(ask_about(world, *gateway, *signer, action));
            }
        }
    } while (world.pause(kTurn));
    return 0;
}

}  // namespace countersign::cli
