#include "jail/jail.h"

#include "jail/asker.h"
#include "jail/supervisor.h"
#include "sys/features.h"

namespace countersign::jail {
namespace {

/// The gateway behind the Asker.
class ClientAsker final : public Asker {
public:
    ClientAsker(const std::string& socket, const std::string& token) : client_(socket, token) {
        client_.set_view(client::AgentClient::View::Brief);
    }

    Result<client::ActionAnswer> submit(const model::ActionRequest& request,
                                        Duration wait) override {
        return client_.submit(request, wait);
    }
    Result<client::ActionAnswer> await(std::string_view action, Duration wait) override {
        return client_.await(action, wait);
    }
    Result<void> report(std::span<const model::OutcomeReport> reports) override {
        return client_.report(reports);
    }

private:
    client::AgentClient client_;
};

}  // namespace

Result<RunReport> run(const RunOptions& options) {
    for (const Feature& feature : features()) {
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
    const sys::KernelFeatures kernel = sys::probe_kernel();
    const std::string version = std::to_string(kernel.landlock_version);
    return {
        {"seccomp notification", kernel.seccomp_notification && kernel.seccomp_continue, true,
         "holds each program start until it is decided (Linux 5.7)"},
        {"user namespaces", kernel.user_namespaces, true,
         "make the private view; allow them with sysctl kernel.unprivileged_userns_clone=1 or an "
         "AppArmor profile"},
        {"Landlock", kernel.landlock_version >= 1, true,
         "keeps writes inside the workspace (Linux 5.13); this kernel has version " + version},
        {"process descriptors", kernel.pid_file_descriptors, true,
         "tell processes apart for certain (Linux 5.3)"},
        {"Landlock scopes", kernel.landlock_version >= 6, false,
         "keep signals and abstract sockets inside (Linux 6.12)"},
        {"uninterrupted waiting", kernel.seccomp_wait_killable, false,
         "a signal does not make a held start ask twice (Linux 5.19)"},
    };
}

}  // namespace countersign::jail
