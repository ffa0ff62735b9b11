#include "gate/action_digest.h"

#include <map>
#include <string>
#include <vector>

namespace countersign::gate {
namespace {

class Netstrings {
public:
    void put(std::string_view value) {
        hash_.update(std::to_string(value.size())).update(":").update(value).update(",");
    }
    void put(const std::vector<std::string>& list) {
        put(std::to_string(list.size()));
        for (const std::string& element : list) {
            put(element);
        }
    }
    void put(const std::map<std::string, std::string>& map) {
        put(std::to_string(map.size()));
        for (const auto& [name, value] : map) {
            put(name);
            put(value);
        }
    }
    crypto::Digest finish() { return hash_.finish(); }

private:
    crypto::Sha256 hash_;
};

}  // namespace

crypto::Digest action_digest(const model::ActionRequest& request) {
    const model::Action& action = request.action;
    const model::Context& context = request.context;
    Netstrings out;
    out.put("countersign-action@v1");
    out.put(model::action_kind_name(action.kind));
    out.put(action.text);
    out.put(action.argv);
    out.put(action.program);
    out.put(action.server);
    out.put(action.name);
    out.put(action.target);
    out.put(action.content);
    out.put(context.session);
    out.put(context.agent.id);
    out.put(context.agent.type);
    out.put(context.principal);
    out.put(context.host);
    out.put(context.directory);
    out.put(context.workspace);
    out.put(context.home);
    out.put(context.contained ? "contained" : "open");
    out.put(context.staged ? "staged" : "direct");
    out.put(context.environment);
    return out.finish();
}

}  // namespace countersign::gate
