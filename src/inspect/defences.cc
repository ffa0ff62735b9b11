// What has no part in a project's work: asking how this machine is defended or whether one is being
// watched, gathering its accounts into a file, hiding files among the temporary ones, starting a
// shell for somebody to type into, running what was built from files that came from elsewhere.
// Reconnaissance that is ordinary administration (uname, ps, ip addr) is no finding.
//
// Sources: MITRE ATT&CK T1201 (password policy), T1497.001 (virtual machine checks), T1518.001
// (security software), T1074.001 (staged data), T1564.001 (hidden files), T1027.004 (compile after
// delivery), T1059.004 (shells); GTFOBins for the programs that start one.
#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::Effect;
using model::EffectKind;
using model::Place;
using model::Severity;

template <std::size_t N>
bool in(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Sensors and scanners by the names of their processes, services or packages.
constexpr auto kSensors = std::to_array<std::string_view>({"falcon",
                                                           "crowdstrike",
                                                           "nessus",
                                                           "cbagent",
                                                           "cbdaemon",
                                                           "carbonblack",
                                                           "td-agent",
                                                           "packetbeat",
                                                           "filebeat",
                                                           "auditbeat",
                                                           "osquery",
                                                           "wazuh",
                                                           "ossec",
                                                           "mdatp",
                                                           "sentinelone",
                                                           "sentinelctl",
                                                           "bareos-fd",
                                                           "icinga",
                                                           "clamav",
                                                           "clamd",
                                                           "sophos",
                                                           "tripwire",
                                                           "rkhunter",
                                                           "chkrootkit",
                                                           "auditd",
                                                           "suricata",
                                                           "snort",
                                                           "cylance",
                                                           "xagt",
                                                           "taniumclient",
                                                           "qualys-cloud-agent",
                                                           "littlesnitch",
                                                           "santad",
                                                           "sysmon"});

constexpr auto kVirtualMachines =
    std::to_array<std::string_view>({"virtualbox", "vmware", "hypervisor", "qemu", "kvm", "xen",
                                     "parallels", "innotek", "bochs", "hv_vendor", "vbox"});

/// What lists processes, services, modules, packages or hardware.
constexpr auto kListers = std::to_array<std::string_view>({"ps",
                                                           "systemctl",
                                                           "service",
                                                           "lsmod",
                                                           "dpkg",
                                                           "rpm",
                                                           "launchctl",
                                                           "kextstat",
                                                           "lsof",
                                                           "netstat",
                                                           "ss",
                                                           "top",
                                                           "lspci",
                                                           "lscpu",
                                                           "lsusb",
                                                           "lsblk",
                                                           "dmidecode",
                                                           "dmesg",
                                                           "lshw",
                                                           "hostnamectl",
                                                           "systemextensionsctl",
                                                           "ioreg",
                                                           "system_profiler",
                                                           "sysctl"});

constexpr auto kSearchers = std::to_array<std::string_view>(
    {"grep", "egrep", "fgrep", "rg", "awk", "gawk", "sed", "ag", "ack"});

/// What tells who uses this machine, what runs on it and what it is connected to.
constexpr auto kFactTellers =
    std::to_array<std::string_view>({"ps", "netstat", "ss", "lsof", "who", "w", "last", "lastlog",
                                     "ifconfig", "arp", "getent", "history", "dscl", "users"});

constexpr auto kClipboards =
    std::to_array<std::string_view>({"xclip", "xsel", "wl-copy", "pbcopy", "clip.exe"});

/// Where it is written how accounts are protected.
constexpr auto kProtections = std::to_array<std::string_view>(
    {"/etc/pam.d", "/etc/pam.conf", "/etc/security", "/etc/login.defs", "/etc/audit",
     "/etc/apparmor.d", "/etc/selinux", "/usr/share/pam", "/etc/default/useradd", "/etc/fail2ban"});

constexpr auto kAccountFiles = std::to_array<std::string_view>(
    {"/etc/passwd", "/etc/group", "/etc/master.passwd", "/private/etc/passwd"});

bool names_any_sensor(const Item& item) {
    return contains_any(fold(joined(item)), kSensors);
}

bool names_any_machine(const Item& item) {
    return contains_any(fold(joined(item)), kVirtualMachines);
}

bool reads_a_listing(const Scene& scene, std::size_t index) {
    const std::vector<std::size_t> from = scene.upstream(index);
    return std::any_of(from.begin(), from.end(), [&](std::size_t source) {
        return in(kListers, scene.items()[source].name);
    });
}

void find_watchers(const Scene& scene, std::size_t index, Sink& sink) {
    const Item& item = scene.items()[index];
    const bool by_name = item.name == "pgrep" || item.name == "pidof";
    const bool searches = in(kSearchers, item.name) && reads_a_listing(scene, index);
    if ((by_name || searches) && names_any_sensor(item)) {
        sink.add("defence_discovery", Severity::High, item.span,
                 "looks for what protects or watches this machine");
    }
    const bool asks = item.name == "systemd-detect-virt" || item.name == "virt-what" ||
                      item.name == "imvirt" || item.name == "sysctl" || item.name == "ioreg";
    const bool always =
        item.name == "systemd-detect-virt" || item.name == "virt-what" || item.name == "imvirt";
    if (always || ((asks || searches) && names_any_machine(item))) {
        sink.add("defence_discovery", Severity::High, item.span,
                 "asks whether it runs in a virtual machine, as what hides from analysis does");
    }
    const bool policy = item.name == "pwpolicy" || (item.name == "chage" && has_word(item, "-l"));
    if (policy) {
        sink.add("defence_discovery", Severity::High, item.span, "asks how accounts are protected");
    }
}

bool is_or_below(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

template <std::size_t N>
bool lies_in(std::string_view path, const std::array<std::string_view, N>& places) {
    return std::any_of(places.begin(), places.end(),
                       [&](std::string_view place) { return is_or_below(path, place); });
}

bool writes(const Effect& effect) {
    return effect.kind == EffectKind::Write || effect.kind == EffectKind::Create ||
           effect.kind == EffectKind::Rename;
}

bool reads(const Effect& effect) {
    return effect.kind == EffectKind::Read || effect.kind == EffectKind::SecretRead;
}

/// A name that begins with a dot directly in a directory that everybody may write to.
bool hides_among_temporary(std::string_view path) {
    for (const std::string_view shared : {"/tmp/", "/var/tmp/", "/dev/shm/", "/private/tmp/"}) {
        if (path.starts_with(shared)) {
            const std::string_view name = path.substr(shared.size());
            return name.size() > 1 && name[0] == '.' && name[1] != '.' && name[1] != '/';
        }
    }
    return false;
}

/// What people typed, on its way to other programs.
void find_clipboard(const Scene& scene, std::size_t index, Sink& sink) {
    const Item& item = scene.items()[index];
    if (!in(kClipboards, item.name)) {
        return;
    }
    for (const std::size_t source : scene.upstream(index)) {
        if (scene.items()[source].name == "history") {
            sink.add("staged_data", Severity::High, item.span,
                     "puts the shell's history on the clipboard");
        }
    }
}

void find_in_effects(const Scene& scene, Sink& sink) {
    for (const Effect& effect : scene.effects()) {
        if (reads(effect) && lies_in(effect.target, kProtections)) {
            sink.add("defence_discovery", Severity::High, effect.span,
                     "reads how accounts are protected: " + effect.target.substr(0, 200));
        }
        if (writes(effect) && effect.place == Place::Temporary &&
            hides_among_temporary(effect.target)) {
            sink.add(
                "hidden_file", Severity::High, effect.span,
                "hides a file among everybody's temporary files: " + effect.target.substr(0, 200));
        }
    }
}

bool tells_facts(const Scene& scene, std::size_t index) {
    return in(kFactTellers, scene.items()[index].name);
}

/// The account list or a list of processes, users or connections put into a file outside the
/// workspace, to be taken away later.
void find_staging(const Scene& scene, Sink& sink) {
    const std::size_t count = scene.items().size();
    std::vector<std::size_t> readers;
    for (const Effect& effect : scene.effects()) {
        const bool accounts = reads(effect) && in(kAccountFiles, std::string_view(effect.target));
        if (accounts && effect.command < count &&
            (readers.empty() || readers.back() != effect.command)) {
            readers.push_back(effect.command);
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (tells_facts(scene, i)) {
            readers.push_back(i);
        }
    }
    std::vector<bool> carries(count, false);
    for (const std::size_t reader : readers) {
        for (std::size_t i = 0; i < count; ++i) {
            carries[i] = carries[i] || i == reader || scene.one_pipeline(i, reader);
        }
    }
    for (const Effect& effect : scene.effects()) {
        const bool outside = effect.place == Place::Temporary || effect.place == Place::Home ||
                             effect.place == Place::OtherPath;
        if (writes(effect) && outside && effect.command < count && carries[effect.command]) {
            sink.add("staged_data", Severity::High, effect.span,
                     "gathers facts about this machine in " + effect.target.substr(0, 200));
        }
    }
}

/// A shell without a script or text takes what is typed: an agent's work never needs one, an
/// intruder's first step is to get one.
void find_open_shell(const Item& item, Sink& sink) {
    const bool bare =
        std::all_of(item.words.begin(), item.words.end(), [](const std::string& word) {
            return word.starts_with("-") && word.find('c') == std::string::npos && word != "-s" &&
                   !word.starts_with("--v") && !word.starts_with("--h");
        });
    const bool reads_nothing =
        item.command->input.kind == model::InputSource::Kind::Inherited &&
        std::none_of(
            item.command->redirections.begin(), item.command->redirections.end(),
            [](const model::Redirection& redirection) { return redirection.descriptor == 0; });
    if (item.shell && bare && reads_nothing) {
        sink.add("open_shell", Severity::High, item.span,
                 "starts a shell that takes whatever is typed into it");
    }
}

bool is_foreign(const Effect& effect) {
    if (effect.kind != EffectKind::Read || effect.recursive) {
        return false;
    }
    if (effect.place == Place::Temporary || effect.place == Place::OtherPath ||
        effect.place == Place::Home) {
        return true;
    }
    static constexpr auto kSources = std::to_array<std::string_view>(
        {".c", ".cc", ".cpp", ".cxx", ".go", ".rs", ".java", ".s", ".S", ".m", ".zig"});
    return effect.place == Place::System &&
           std::any_of(kSources.begin(), kSources.end(),
                       [&](std::string_view ending) { return effect.target.ends_with(ending); });
}

/// gcc /elsewhere/x.c && ./a.out; cp /tmp/x . && ./x: the workspace's name on a stranger's code.
void find_foreign_code(const Scene& scene, Sink& sink) {
    std::map<std::size_t, const Effect*> sources;  // by command: a file that it reads
    for (const Effect& effect : scene.effects()) {
        if (is_foreign(effect)) {
            sources.emplace(effect.command, &effect);
        }
    }
    if (sources.empty()) {
        return;
    }
    std::map<std::string_view, const Effect*> made;  // by path: what it was made from
    for (const Effect& effect : scene.effects()) {
        const auto source = sources.find(effect.command);
        if (source != sources.end() && writes(effect) && effect.place == Place::Workspace) {
            made.emplace(effect.target, source->second);
        }
    }
    for (const Effect& run : scene.effects()) {
        if (run.kind != EffectKind::Execute || run.place != Place::Workspace || run.recursive) {
            continue;
        }
        for (std::string_view path = run.target; !path.empty();
             path = path.substr(0, path.rfind('/'))) {
            const auto found = made.find(path);
            if (found != made.end() && found->second->command < run.command) {
                sink.add("foreign_code", Severity::High, run.span,
                         "runs what was made from a file outside the workspace: " +
                             found->second->target.substr(0, 200));
                break;
            }
        }
    }
}

}  // namespace

void find_defences(const Scene& scene, Sink& sink) {
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        find_watchers(scene, i, sink);
        find_clipboard(scene, i, sink);
        find_open_shell(scene.items()[i], sink);
    }
    find_in_effects(scene, sink);
    find_staging(scene, sink);
    find_foreign_code(scene, sink);
}

}  // namespace countersign::inspect
