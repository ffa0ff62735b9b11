// A gateway inside the test: decides by a function, remembers what it was asked and told.
// Thread safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "jail/asker.h"

namespace countersign::jail::testing {

class FakeGateway {
public:
    using Judge = std::function<client::ActionState(const model::ActionRequest&)>;

    explicit FakeGateway(Judge judge) : judge_(std::move(judge)) {}

    AskerFactory askers() {
        return [this] { return std::make_unique<Connection>(*this); };
    }

    /// What each action is said to do; to be set before the run.
    std::function<model::Assessment(const model::ActionRequest&)> assess;

    /// The form that is permitted in place of what was asked, if any; to be set before the run.
    std::function<std::optional<model::Action>(const model::ActionRequest&)> modify;

    struct Asked {
        std::string id;
        model::ActionRequest request;
        client::ActionState state;
    };
    std::vector<Asked> asked() const {
        const std::lock_guard guard(lock_);
        return asked_;
    }
    struct Reported {
        std::string id;
        model::Outcome outcome;
    };
    std::vector<Reported> reported() const {
        const std::lock_guard guard(lock_);
        return reported_;
    }
    /// What was refused without a question.
    std::vector<std::string> refusals() const {
        const std::lock_guard guard(lock_);
        return refusals_;
    }
    /// Ends a held action.
    void answer(const std::string& id, client::ActionState state) {
        const std::lock_guard guard(lock_);
        for (Asked& asked : asked_) {
            if (asked.id == id) {
                asked.state = state;
            }
        }
        changed_.notify_all();
    }
    /// From now on every call fails, as with a gateway that died.
    void die() {
        const std::lock_guard guard(lock_);
        dead_ = true;
        changed_.notify_all();
    }

private:
    class Connection final : public Asker {
    public:
        explicit Connection(FakeGateway& gateway) : gateway_(gateway) {}
        Result<void> begin(const model::ActionRequest& request) override {
            request_ = request;
            return {};
        }
        Result<client::ActionAnswer> complete() override { return gateway_.submit(request_); }
        Result<client::ActionAnswer> await(std::string_view action, Duration wait) override {
            return gateway_.await(std::string(action), wait);
        }
        void note_refusal(std::string_view reason) override {
            const std::lock_guard guard(gateway_.lock_);
            gateway_.refusals_.emplace_back(reason);
        }
        Result<void> report(std::span<const model::OutcomeReport> reports) override {
            const std::lock_guard guard(gateway_.lock_);
            for (const model::OutcomeReport& report : reports) {
                gateway_.reported_.push_back({report.action, report.outcome});
            }
            return {};
        }

    private:
        FakeGateway& gateway_;
        model::ActionRequest request_;
    };

    Result<client::ActionAnswer> submit(const model::ActionRequest& request) {
        const client::ActionState state = judge_(request);
        const std::lock_guard guard(lock_);
        if (dead_) {
            return Error(ErrorCode::Unavailable, "connection refused");
        }
        const std::string id = "a-" + std::to_string(asked_.size());
        asked_.push_back({id, request, state});
        return answer_for(asked_.back());
    }
    Result<client::ActionAnswer> await(const std::string& id, Duration wait) {
        std::unique_lock guard(lock_);
        const auto open = [&] { return !dead_ && find(id).state == client::ActionState::Pending; };
        changed_.wait_for(guard, wait, [&] { return !open(); });
        if (dead_) {
            return Error(ErrorCode::Unavailable, "connection refused");
        }
        return answer_for(find(id));
    }
    const Asked& find(const std::string& id) const {
        for (const Asked& asked : asked_) {
            if (asked.id == id) {
                return asked;
            }
        }
        return asked_.front();
    }
    client::ActionAnswer answer_for(const Asked& asked) const {
        client::ActionAnswer answer;
        if (assess) {
            answer.verdict.assessment = assess(asked.request);
        }
        if (modify) {
            answer.verdict.modified = modify(asked.request);
            answer.verdict.reason = "as asked it needs a person";
        }
        answer.id = asked.id;
        answer.state = asked.state;
        answer.message = "the test does not allow " + asked.request.action.program;
        return answer;
    }

    Judge judge_;
    mutable std::mutex lock_;
    std::condition_variable changed_;
    std::vector<Asked> asked_;
    std::vector<Reported> reported_;
    std::vector<std::string> refusals_;
    bool dead_ = false;
};

}  // namespace countersign::jail::testing
