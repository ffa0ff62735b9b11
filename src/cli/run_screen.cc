#include "cli/run_screen.h"

#include <algorithm>

#include "base/limits.h"
#include "cli/paint.h"
#include "sys/files.h"
#include "sys/terminal.h"
#include "sys/unix_socket.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

/// How long the screen looks at one source before it looks at the other.
constexpr Duration kTurn = std::chrono::milliseconds(60);

class TerminalAnswers final : public Answers {
public:
    explicit TerminalAnswers(sys::Fd terminal) : terminal_(std::move(terminal)) {}

    void discard() override {
        typed_.clear();
        for (int i = 0; i < 64 && ready(Duration::zero()); ++i) {
            const auto bytes = sys::read_some(terminal_.get(), limits::kCommentBytesMax);
            if (!bytes.ok() || bytes->empty()) {
                return;
            }
        }
    }

    Result<std::optional<std::string>> line(Duration limit) override {
        if (!ready(limit)) {
            return std::optional<std::string>();
        }
        const std::string bytes = TRY(sys::read_some(terminal_.get(), limits::kCommentBytesMax));
        if (bytes.empty()) {
            return Error(ErrorCode::Unavailable, "the terminal is gone");
        }
        typed_ += bytes;
        const auto end = typed_.find('\n');
        if (end == std::string::npos) {
            if (typed_.size() > limits::kCommentBytesMax) {
                typed_.clear();
            }
            return std::optional<std::string>();
        }
        // Whatever was typed past this line answered no question yet.
        std::string line = typed_.substr(0, end);
        typed_.clear();
        return std::optional<std::string>(std::move(line));
    }

private:
    bool ready(Duration limit) {
        const auto readable = sys::wait_readable(terminal_.get(), limit);
        return readable.ok() && *readable;
    }

    sys::Fd terminal_;
    std::string typed_;
};

}  // namespace

Result<std::unique_ptr<Answers>> terminal_answers() {
    sys::Fd terminal = TRY(sys::open_terminal());
    return std::unique_ptr<Answers>(std::make_unique<TerminalAnswers>(std::move(terminal)));
}

RunScreen::RunScreen(RunEvents& events, Console& console, Clock& clock, Detail detail,
                     std::optional<Asking> asking)
    : events_(events),
      console_(console),
      clock_(clock),
      lines_(console.err_look(), detail),
      asking_(std::move(asking)) {}

void RunScreen::loop() {
    while (!finished_) {
        // With a question open the terminal is the source that must answer quickly.
        const auto event = events_.pop(question_ ? Duration::zero() : kTurn);
        if (event) {
            take(*event);
            continue;
        }
        if (question_) {
            ask();
        } else {
            next_question();
        }
    }
    if (const std::size_t dropped = events_.take_dropped(); dropped > 0) {
        print(std::to_string(dropped) + " decisions were not shown; the record has them\n");
    }
    print(lines_.flush());
}

void RunScreen::take(const RunEvent& event) {
    const Instant now = clock_.now();
    switch (event.kind) {
        case RunEvent::Kind::Finished:
            close_question();
            finished_ = true;
            return;
        case RunEvent::Kind::Held:
            print(lines_.held(event.request, event.answer, now));
            waiting_.push_back(event.answer.id);
            return;
        case RunEvent::Kind::Decided:
            std::erase(waiting_, event.answer.id);
            if (question_ && question_->action() == event.answer.id) {
                close_question();
            }
            print(lines_.decided(event.request, event.answer, now));
            return;
    }
}

void RunScreen::print(const std::string& text) {
    if (text.empty()) {
        return;
    }
    // The prompt stands on the last line: replace it, and put it back below the new line.
    if (question_) {
        console_.err((console_.err_look().terminal ? "\r\x1b[K" : "\n") + text +
                     question_->prompt());
    } else {
        console_.err(text);
    }
}

void RunScreen::next_question() {
    if (!asking_ || waiting_.empty()) {
        return;
    }
    const std::string action = waiting_.front();
    waiting_.pop_front();
    auto question =
        Question::open(*asking_->gateway, clock_, asking_->signer, console_.err_look(), action);
    if (!question.ok()) {
        print("cannot ask about " + text::visible(action) + ": " +
              text::visible(question.error().message) + "\n");
        return;
    }
    if (!question->open()) {
        return;
    }
    asking_->answers->discard();
    console_.err(question->opening() + question->prompt());
    question_.emplace(question.take());
}

void RunScreen::ask() {
    const auto line = asking_->answers->line(kTurn);
    if (!line.ok()) {
        close_question();
        print("no more questions here: " + text::visible(line.error().message) + "\n");
        asking_.reset();
        return;
    }
    if (!*line) {
        return;
    }
    const Question::Reply reply = question_->answer(**line);
    if (reply.next == Question::Reply::Next::Done) {
        question_.reset();
        console_.err(reply.text);
        return;
    }
    console_.err(reply.text + question_->prompt());
}

void RunScreen::close_question() {
    if (question_) {
        console_.err("\n");
        question_.reset();
    }
}

}  // namespace countersign::cli
