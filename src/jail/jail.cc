#include "jail/jail.h"

#include "jail/asker.h"
#include "jail/features.h"
#include "jail/supervisor.h"

namespace countersign::jail {
namespace {

/// The gateway behind the Asker.
class ClientAsker final : public Asker {
public:
    ClientAsker(const std::string& socket, const std::string& token) : client_(socket, token) {
        client_.set_view(client::AgentClient::View::Brief);
    }

    Result<void> begin(const model::ActionRequest& request) override {
        return client_.begin_submit(request);
    }
    Result<client::ActionAnswer> complete() override { return client_.complete_submit(); }
    Result<client::ActionAnswer> await(std::string_view action, Duration wait) override {
        return client_.await(action, wait);
    }
    void note_refusal(std::string_view reason) override {
        // What was refused stays refused.
        (void)client_.note_refusal("run", reason);
    }
    Result<void> report(std::span<const model::OutcomeReport> reports) override {
        return client_.report(reports);
    }

private:
    client::AgentClient client_;
};

/// Nothing is weakened that the session's first record does not name.
Result<void> check_recorded(const RunOptions& options) {
    std::vector<std::string> texts;
    for (const Weakening& weakening : options.weakenings) {
        texts.push_back(weakening.text());
    }
    if (texts != options.recorded_weakenings) {
        return Error(ErrorCode::Conflict, "the gateway has not recorded how this jail is weakened");
    }
    return {};
}

}  // namespace

Result<RunReport> run(const RunOptions& options) {
    TRY(check_recorded(options));
    // Not features(): who starts does not wait for what only changes how much is enforced.
    for (const Feature& feature : features_of(sys::probe_kernel())) {
        if (feature.required && !feature.available) {
            return Error(ErrorCode::Unsupported, "this machine lacks " + feature.name,
                         feature.detail);
        }
    }
    return supervise(options, [&options] {
        return std::make_unique<ClientAsker>(options.agent_socket, options.session_token);
    });
}

std::vector<Feature> features() {
    return features_of(sys::probe_whole_kernel());
}

}  // namespace countersign::jail
