// What `countersign run` shows while the agent works: a line per decision and, where a person can
// be asked, one question at a time while others go on. Runs on its own thread, fed by RunEvents;
// touches nothing that the supervisor's thread touches.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "cli/ask.h"
#include "cli/decision_line.h"
#include "cli/run_events.h"
#include "cli/world.h"

namespace countersign::cli {

/// Where answers come from: the controlling terminal, or a script in tests.
class Answers {
public:
    virtual ~Answers() = default;
    /// Throws away what was typed before a question stood there: a line meant for something else
    /// must not become an approval.
    virtual void discard() = 0;
    /// A line that was typed within `limit`; nullopt: none. An error ends asking for good.
    virtual Result<std::optional<std::string>> line(Duration limit) = 0;
};

/// The controlling terminal. NotFound or Io when there is none.
Result<std::unique_ptr<Answers>> terminal_answers();

class RunScreen {
public:
    struct Asking {
        std::unique_ptr<Gateway> gateway;  ///< this thread's own connection
        std::unique_ptr<Answers> answers;
        Signer signer;
    };
    /// Without `asking`, held actions are only shown. All references outlive the screen.
    RunScreen(RunEvents& events, Console& console, Clock& clock, Detail detail,
              std::optional<Asking> asking);

    /// Until the Finished event. Call on a thread of its own.
    void loop();

private:
    void take(const RunEvent& event);
    void print(const std::string& text);
    void next_question();
    void ask();
    void close_question();

    RunEvents& events_;
    Console& console_;
    Clock& clock_;
    DecisionLines lines_;
    std::optional<Asking> asking_;
    std::deque<std::string> waiting_;  ///< held actions not asked yet
    std::optional<Question> question_;
    bool finished_ = false;
};

}  // namespace countersign::cli
