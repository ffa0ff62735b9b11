// The gate as the simulation and its oracle see it. The true one hands everything through; a
// defective one lies in one way, so that a test can show that the oracle would notice.
//
// Not thread safe. The world must outlive it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world.h"

namespace countersign::sim {

class Subject {
public:
    explicit Subject(World& world) : world_(world) {}
    virtual ~Subject() = default;

    virtual std::optional<gate::ActionEntry> action(const std::string& id);
    virtual Result<gate::ActionEntry> vote(const model::Vote& vote);
    virtual Result<model::Session> authenticate(const std::string& token);
    virtual Result<void> report(const model::Session& session, const std::string& id,
                                const model::Outcome& outcome);
    virtual Result<std::vector<audit::ReadRecord>> records();
    virtual std::string fault();

protected:
    World& world_;
};

/// One way in which a gate could be wrong.
enum class Defect {
    ReleasesWithoutConsent,
    OneVoteTooFew,
    ForgetsDenials,
    ForgetsTime,
    ReleasesDuringFreeze,
    ReleasesWithoutRecord,
    TakesBadVotes,
    ReleasesTwice,
    LetsEndedSessionsIn,
    ChangesTheRecord,
    AllowsTheForbidden
};
inline constexpr std::size_t kDefects = 11;

/// A gate with this defect. `frozen` is what the simulation knows about the kill switch.
class Defective final : public Subject {
public:
    Defective(World& world, Defect defect) : Subject(world), defect_(defect) {}

    std::optional<gate::ActionEntry> action(const std::string& id) override;
    Result<gate::ActionEntry> vote(const model::Vote& vote) override;
    Result<model::Session> authenticate(const std::string& token) override;
    Result<void> report(const model::Session& session, const std::string& id,
                        const model::Outcome& outcome) override;
    Result<std::vector<audit::ReadRecord>> records() override;
    std::string fault() override;

private:
    [[nodiscard]] bool releases(const gate::ActionEntry& entry) const;

    Defect defect_;
    std::map<std::string, model::Session> seen_;  ///< by token
};

}  // namespace countersign::sim
