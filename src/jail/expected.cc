#include "jail/expected.h"

#include <functional>

namespace countersign::jail {
namespace {

/// What an agent could fill by starting ever new things; then everything is forgotten.
constexpr std::size_t kWordsMax = 16 * 1024;
constexpr std::size_t kProgramsMax = 4 * 1024;
/// A compiler in a build has new words each time.
constexpr int kGrantsThatSuffice = 32;

/// A collision makes a wrong expectation, which is nothing worse than any other one.
void mix(std::uint64_t& state, std::uint64_t value) {
    constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, as in Boost
    state ^= value + kGolden + (state << 6U) + (state >> 2U);
}

std::uint64_t key_of(const Program& program) {
    std::uint64_t key = 0;
    mix(key, program.file.device);
    mix(key, program.file.inode);
    mix(key, static_cast<std::uint64_t>(program.file.changed_ns));
    return key;
}

std::uint64_t key_of(const Call& call, const Program& program) {
    const std::hash<std::string> hash;
    std::uint64_t key = key_of(program);
    mix(key, hash(program.path));
    mix(key, hash(program.directory));
    for (const std::string& word : call.argv) {
        mix(key, hash(word));
    }
    return key;
}

}  // namespace

bool Expected::grant(const Call& call, const Program& program) {
    const std::uint64_t words = key_of(call, program);
    const MutexLock guard(lock_);
    if (words_.contains(words)) {
        return true;
    }
    const auto found = programs_.find(key_of(program));
    return found != programs_.end() && !found->second.otherwise &&
           found->second.grants >= kGrantsThatSuffice;
}

void Expected::granted(const Call& call, const Program& program) {
    const std::uint64_t words = key_of(call, program);
    const MutexLock guard(lock_);
    if (words_.size() >= kWordsMax) {
        words_.clear();
    }
    words_.insert(words);
    if (programs_.size() >= kProgramsMax) {
        programs_.clear();
    }
    ++programs_[key_of(program)].grants;
}

void Expected::not_granted(const Call& call, const Program& program) {
    const std::uint64_t words = key_of(call, program);
    const MutexLock guard(lock_);
    words_.erase(words);
    programs_[key_of(program)].otherwise = true;
}

}  // namespace countersign::jail
