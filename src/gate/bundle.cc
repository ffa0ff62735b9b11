#include "gate/bundle.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "audit/export.h"
#include "base/limits.h"
#include "model/codec.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using model::EffectKind;
using model::Place;

/// Targets listed per kind, so that one action over a huge tree does not fill the bundle.
constexpr std::size_t kAffectedMax = 10'000;

bool is_host(Place place) {
    return place >= Place::Loopback && place < Place::Database;
}

bool changes_file(EffectKind kind) {
    switch (kind) {
        case EffectKind::Write:
        case EffectKind::Create:
        case EffectKind::Delete:
        case EffectKind::Rename:
        case EffectKind::Chmod:
        case EffectKind::Persist:
        case EffectKind::Configure:
        case EffectKind::SecretRead:
            return true;
        default:
            return false;
    }
}

bool is_database(EffectKind kind) {
    return kind == EffectKind::DbRead || kind == EffectKind::DbWrite ||
           kind == EffectKind::DbSchema;
}

class Collector {
public:
    void add(const model::Effect& effect) {
        if (effect.target.empty()) {
            return;
        }
        if (is_database(effect.kind)) {
            databases_.insert(effect.target);
        } else if (is_host(effect.place)) {
            hosts_.insert(effect.target);
        } else if (changes_file(effect.kind)) {
            files_.insert(effect.target);
        }
    }
    void add(const model::Outcome& outcome) {
        files_.insert(outcome.files_changed.begin(), outcome.files_changed.end());
        hosts_.insert(outcome.hosts.begin(), outcome.hosts.end());
    }
    [[nodiscard]] Affected take() const {
        return {bounded(files_), bounded(hosts_), bounded(databases_)};
    }

private:
    static std::vector<std::string> bounded(const std::set<std::string>& set) {
        std::vector<std::string> out(set.begin(), set.end());
        if (out.size() > kAffectedMax) {
            out.resize(kAffectedMax);
        }
        return out;
    }
    std::set<std::string> files_;
    std::set<std::string> hosts_;
    std::set<std::string> databases_;
};

bool was_released(const ActionEntry& entry) {
    return entry.state == ActionState::Granted || entry.state == ActionState::Done;
}

Result<void> write_json(Core& core, const std::string& path, const json::value& value) {
    return core.files.replace(path, json::serialize(value) + "\n");
}

json::value sessions_json(const std::vector<model::Session>& sessions) {
    json::array out;
    for (const model::Session& session : sessions) {
        out.push_back(model::to_json(session));
    }
    return out;
}

std::string actions_jsonl(const std::vector<ActionEntry>& actions) {
    std::string out;
    for (const ActionEntry& entry : actions) {
        out += json::serialize(view_json(entry)) + "\n";
    }
    return out;
}

/// The records that name one of the sessions, as they stand in the log.
Result<std::string> records_of(Core& core, const std::vector<model::Session>& sessions) {
    std::string out;
    for (const model::Session& session : sessions) {
        audit::ExportOptions options;
        options.session = session.id;
        TRY(audit::export_log(core.files, core.state_directory + "/log", options,
                              [&](std::string_view line) -> Result<void> {
                                  out += line;
                                  return {};
                              }));
    }
    return out;
}

Result<void> write_receipts(Core& core, ActionDesk& desk, const std::string& directory,
                            const std::vector<ActionEntry>& actions) {
    TRY(core.files.create_directory(directory));
    std::size_t count = 0;
    for (const ActionEntry& entry : actions) {
        const bool telling = entry.verdict.assessment.tier >= model::Tier::SideEffect;
        if (!telling || entry.records.empty() || count >= kBundleReceiptsMax) {
            continue;
        }
        const std::string receipt = TRY(desk.receipt(entry.id));
        TRY(core.files.replace(directory + "/" + entry.id + ".json", receipt + "\n"));
        ++count;
    }
    return {};
}

}  // namespace

Result<std::vector<ActionEntry>> actions_of(ActionDesk& actions,
                                            const std::vector<std::string>& sessions) {
    std::vector<ActionEntry> out;
    for (const std::string& session : sessions) {
        Actions::Query query;
        query.session = session;
        query.limit = limits::kPageEntriesMax;
        while (out.size() < kBundleActionsMax) {
            std::vector<ActionEntry> page = TRY(actions.list(query));
            if (page.empty()) {
                break;
            }
            query.after = page.back().id;
            std::move(page.begin(), page.end(), std::back_inserter(out));
        }
    }
    return out;
}

Affected affected_by(const std::vector<ActionEntry>& actions) {
    Collector collector;
    for (const ActionEntry& entry : actions) {
        if (!was_released(entry)) {
            continue;
        }
        for (const model::Effect& effect : entry.verdict.assessment.effects) {
            collector.add(effect);
        }
        if (entry.outcome) {
            collector.add(*entry.outcome);
        }
    }
    return collector.take();
}

Result<std::string> write_bundle(Core& core, ActionDesk& desk, const BundleContent& content) {
    const std::string parent = core.state_directory + "/incidents";
    const std::string directory = parent + "/" + content.incident->id;
    TRY(core.files.create_directory(parent));
    TRY(core.files.create_directory(directory));
    TRY(write_json(core, directory + "/incident.json", to_json(*content.incident)));
    TRY(write_json(core, directory + "/sessions.json", sessions_json(*content.sessions)));
    TRY(core.files.replace(directory + "/actions.jsonl", actions_jsonl(*content.actions)));
    const json::value whole = to_json(*content.incident);
    TRY(write_json(core, directory + "/affected.json", whole.at("affected")));
    TRY(write_json(core, directory + "/policy.json", policy_json(desk.rules())));
    TRY(write_receipts(core, desk, directory + "/receipts", *content.actions));
    const std::string checkpoint = TRY(core.recorder.log().checkpoint());
    TRY(core.files.replace(directory + "/checkpoint", checkpoint));
    TRY(core.files.replace(directory + "/log.key", core.recorder.log().verifier().text() + "\n"));
    const std::string records = TRY(records_of(core, *content.sessions));
    TRY(core.files.replace(directory + "/records.jsonl", records));
    return directory;
}

}  // namespace countersign::gate
