// A whole gate on hostile doubles, for the tests of this room: store and disk in memory that can
// fail the n-th call, a clock that is moved by hand, a machine that only takes notes.
#pragma once

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "audit/log.h"
#include "audit/memory_files.h"
#include "audit/verify.h"
#include "base/test_world.h"
#include "crypto/keys.h"
#include "crypto/sshsig.h"
#include "gate/gate.h"
#include "model/vote.h"
#include "policy/policy.h"
#include "store/memory.h"

namespace countersign::gate {

using testing_world::HandClock;
using testing_world::SeededRandom;

class NotingMachine final : public Machine {
public:
    Result<std::uint64_t> start_time(int process_id) override {
        const auto found = running.find(process_id);
        if (found == running.end()) {
            return Error(ErrorCode::NotFound, "no such process");
        }
        return found->second;
    }
    Result<void> kill(int process_id, std::uint64_t started) override {
        const auto found = running.find(process_id);
        if (found != running.end() && found->second == started) {
            killed.push_back(process_id);
            running.erase(found);
        }
        return {};
    }
    std::map<int, std::uint64_t> running;
    std::vector<int> killed;
};

/// The built-in policy and one more file, as a person last saved it.
class OnePolicyFile final : public PolicyFiles {
public:
    Result<policy::Policy> load() override {
        if (text.empty()) {
            return policy::Policy::load({policy::Policy::builtin_source()});
        }
        return policy::Policy::load({policy::Policy::builtin_source(), {"more.toml", text}});
    }
    std::string text;
};

class House {
public:
    House() { start(); }

    /// As after the death of the process: memory is gone, disk and store stay.
    void start() {
        gate.reset();
        log.reset();
        auto opened =
            audit::Log::open(files, clock, log_key(), {"/state/log", "test/log", 1 << 20});
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        log = opened.take();
        auto made =
            Gate::open({store, files, *log, clock, random, machine, policy, "/state", "host",
                        "test", "sha256:" + std::string(64, '0'), "key", &policy_files});
        ASSERT_TRUE(made.ok()) << made.error().message;
        gate = made.take();
    }

    model::SessionGrant open_session(std::optional<int> process = {}) {
        model::SessionRequest request;
        request.agent.id = "robot";
        request.principal = "developer";
        request.door = "api";
        request.host = "host";
        request.workspace = "/home/dev/project";
        request.home = "/home/dev";
        request.process_id = process;
        auto grant = gate->sessions().open(request);
        EXPECT_TRUE(grant.ok()) << grant.error().message;
        return grant.take();
    }

    static model::ActionRequest exec(std::vector<std::string> argv) {
        model::ActionRequest request;
        request.action.kind = model::ActionKind::Exec;
        request.action.program = "/usr/bin/" + argv.front();
        request.action.argv = std::move(argv);
        request.context.directory = "/home/dev/project";
        return request;
    }

    /// Submits and settles, as the API does.
    ActionEntry ask(const model::Session& session, model::ActionRequest request) {
        auto id = gate->actions().submit(session, std::move(request));
        EXPECT_TRUE(id.ok()) << id.error().message;
        gate->settle();
        return entry(id.take());
    }
    ActionEntry entry(const std::string& id) {
        auto found = gate->actions().find(id);
        EXPECT_TRUE(found.ok() && *found);
        return **found;
    }

    void enrol(const std::string& name) {
        auto key = crypto::SigningKey::generate(random);
        auto enrolled = gate->people().enrol(name, key.public_key().line(), "test");
        ASSERT_TRUE(enrolled.ok()) << enrolled.error().message;
        keys.emplace(name, std::move(key));
    }
    model::Vote signed_vote(const ActionEntry& entry, const std::string& name,
                            model::Ballot ballot) {
        model::Vote vote;
        vote.action = entry.id;
        vote.action_digest = entry.digest;
        vote.approver = name;
        vote.ballot = ballot;
        vote.time = clock.now();
        vote.signature = crypto::sshsig_sign(keys.at(name), approval::kVoteNamespace,
                                             model::vote_statement(vote));
        return vote;
    }
    Result<ActionEntry> vote(const ActionEntry& entry, const std::string& name,
                             model::Ballot ballot = model::Ballot::Approve) {
        return gate->actions().vote(signed_vote(entry, name, ballot));
    }

    /// What an outsider finds in the log now; empty: all is well.
    std::string fault() {
        auto report = audit::verify_log(files, "/state/log", {});
        if (!report.ok()) {
            return report.error().message;
        }
        return report->fault ? report->fault->what : std::string();
    }
    /// Types of all records, in order.
    std::vector<std::string> record_types() {
        std::vector<std::string> types;
        auto lines = log->read_range(0, 10'000);
        EXPECT_TRUE(lines.ok());
        for (const std::string& line : *lines) {
            types.push_back(audit::read_record(line)->type);
        }
        return types;
    }

    HandClock clock;
    SeededRandom random;
    NotingMachine machine;
    OnePolicyFile policy_files;
    store::MemoryStore store;
    audit::MemoryFiles files;
    // The gate shares it with its evaluators.
    std::shared_ptr<const policy::Policy> policy =
        std::make_shared<const policy::Policy>(policy::Policy::builtin());
    std::unique_ptr<audit::Log> log;
    std::unique_ptr<Gate> gate;
    std::map<std::string, crypto::SigningKey> keys;

private:
    /// The same key at every start.
    static crypto::SigningKey log_key() {
        SeededRandom seeded;
        return crypto::SigningKey::generate(seeded);
    }
};

}  // namespace countersign::gate
