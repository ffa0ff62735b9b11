// The log in public form below /log/, read-only: what a tlog-tiles client mirrors.
#include "api/body.h"
#include "api/handlers.h"

namespace countersign::api {

Reply log_file(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const std::string& path = call.ids.front();
        std::string bytes = TRY(api.gate().log().public_file(path));
        return ready(text_response(std::move(bytes), path == "checkpoint"
                                                         ? "text/plain; charset=utf-8"
                                                         : "application/octet-stream"));
    });
}

}  // namespace countersign::api
