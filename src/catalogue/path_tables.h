// The tables by which paths are classed. Each names path components; the first match wins, so the
// more dangerous class stands first. Constants; used by paths.cc alone.
#pragma once

#include <array>
#include <string_view>

#include "model/effect.h"

namespace countersign::catalogue {

namespace paths {

using model::Place;

enum class Anchor {
    Root,       ///< from the root: the path starts with it
    RootExact,  ///< from the root: the path is it
    Anywhere,   ///< these components somewhere in the path
    Last        ///< the path ends with these components
};

/// Components with "*" are patterns. `initial` is the first byte of the component that is compared
/// first, so that most rules are passed over without a comparison.
struct PathRule {
    std::string_view names;
    Anchor anchor;
    Place place;
    std::size_t count = 1;
    char initial = 0;

    constexpr PathRule(std::string_view components, Anchor where, Place what)
        : names(components), anchor(where), place(what) {
        std::size_t last = 0;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i] == '/') {
                ++count;
                last = i + 1;
            }
        }
        initial = names[anchor == Anchor::Last ? last : 0];
    }
};

// This gateway's own files come first: nothing an agent does may reach them unnoticed.
inline constexpr std::array kGatewayRules = {
    PathRule{".config/countersign", Anchor::Anywhere, Place::Gateway},
    PathRule{".local/state/countersign", Anchor::Anywhere, Place::Gateway},
    PathRule{".local/share/countersign", Anchor::Anywhere, Place::Gateway},
    PathRule{".cache/countersign", Anchor::Anywhere, Place::Gateway},
    PathRule{"etc/countersign", Anchor::Root, Place::Gateway},
    PathRule{"var/lib/countersign", Anchor::Root, Place::Gateway},
    PathRule{"var/log/countersign", Anchor::Root, Place::Gateway},
    PathRule{"usr/share/countersign", Anchor::Root, Place::Gateway},
    PathRule{"usr/lib/countersign", Anchor::Root, Place::Gateway},
    PathRule{"run/countersign", Anchor::Root, Place::Gateway},
    PathRule{"run/user/*/countersign", Anchor::Root, Place::Gateway},
    PathRule{"bin/countersign", Anchor::Last, Place::Gateway},
    PathRule{"bin/countersignd", Anchor::Last, Place::Gateway},
    PathRule{"sbin/countersignd", Anchor::Last, Place::Gateway},
    PathRule{"system/countersign*", Anchor::Last, Place::Gateway},
    PathRule{"user/countersign*.service", Anchor::Last, Place::Gateway},
};

// Files that look like secrets and are none, or are something else first.
inline constexpr std::array kNotSecretRules = {
    PathRule{".ssh/authorized_keys*", Anchor::Last, Place::Startup},
    PathRule{".ssh/rc", Anchor::Last, Place::Startup},
    PathRule{".ssh/config", Anchor::Last, Place::Startup},
    PathRule{".ssh/environment", Anchor::Last, Place::Startup},
    PathRule{".ssh/known_hosts*", Anchor::Last, Place::Home},
    PathRule{".ssh/*.pub", Anchor::Last, Place::Home},
    PathRule{"id_*.pub", Anchor::Last, Place::Home},
};

inline constexpr std::array kSecretRules = {
    // Keys and tokens of people.
    PathRule{".ssh", Anchor::Anywhere, Place::Secret},
    PathRule{".gnupg", Anchor::Anywhere, Place::Secret},
    PathRule{".aws", Anchor::Anywhere, Place::Secret},
    PathRule{".azure", Anchor::Anywhere, Place::Secret},
    PathRule{".config/gcloud", Anchor::Anywhere, Place::Secret},
    PathRule{".config/gh", Anchor::Anywhere, Place::Secret},
    PathRule{".config/hub", Anchor::Last, Place::Secret},
    PathRule{".config/glab-cli", Anchor::Anywhere, Place::Secret},
    PathRule{".config/doctl", Anchor::Anywhere, Place::Secret},
    PathRule{".config/op", Anchor::Anywhere, Place::Secret},
    PathRule{".config/rclone", Anchor::Anywhere, Place::Secret},
    PathRule{".config/sops", Anchor::Anywhere, Place::Secret},
    PathRule{".config/age", Anchor::Anywhere, Place::Secret},
    PathRule{".kube", Anchor::Anywhere, Place::Secret},
    PathRule{".docker/config.json", Anchor::Anywhere, Place::Secret},
    PathRule{".netrc", Anchor::Last, Place::Secret},
    PathRule{"_netrc", Anchor::Last, Place::Secret},
    PathRule{".authinfo*", Anchor::Last, Place::Secret},
    PathRule{".git-credentials", Anchor::Last, Place::Secret},
    PathRule{".config/git/credentials", Anchor::Anywhere, Place::Secret},
    PathRule{".npmrc", Anchor::Last, Place::Secret},
    PathRule{".yarnrc.yml", Anchor::Last, Place::Secret},
    PathRule{".pypirc", Anchor::Last, Place::Secret},
    PathRule{".gem/credentials", Anchor::Last, Place::Secret},
    PathRule{".cargo/credentials*", Anchor::Anywhere, Place::Secret},
    PathRule{".m2/settings*.xml", Anchor::Last, Place::Secret},
    PathRule{".gradle/gradle.properties", Anchor::Last, Place::Secret},
    PathRule{".composer/auth.json", Anchor::Last, Place::Secret},
    PathRule{".nuget/NuGet.Config", Anchor::Last, Place::Secret},
    PathRule{".terraform.d/credentials*", Anchor::Anywhere, Place::Secret},
    PathRule{".terraformrc", Anchor::Last, Place::Secret},
    PathRule{".vault-token", Anchor::Last, Place::Secret},
    PathRule{".pgpass", Anchor::Last, Place::Secret},
    PathRule{".my.cnf", Anchor::Last, Place::Secret},
    PathRule{".mylogin.cnf", Anchor::Last, Place::Secret},
    PathRule{".s3cfg", Anchor::Last, Place::Secret},
    PathRule{".boto", Anchor::Last, Place::Secret},
    PathRule{".rclone.conf", Anchor::Last, Place::Secret},
    PathRule{".htpasswd", Anchor::Last, Place::Secret},
    PathRule{".password-store", Anchor::Anywhere, Place::Secret},
    PathRule{".local/share/keyrings", Anchor::Anywhere, Place::Secret},
    PathRule{".local/share/kwalletd", Anchor::Anywhere, Place::Secret},
    PathRule{"Library/Keychains", Anchor::Anywhere, Place::Secret},
    PathRule{".claude/.credentials.json", Anchor::Anywhere, Place::Secret},
    PathRule{".codex/auth.json", Anchor::Anywhere, Place::Secret},
    PathRule{".gemini/oauth_creds.json", Anchor::Anywhere, Place::Secret},
    PathRule{"*.kdbx", Anchor::Last, Place::Secret},
    PathRule{"id_rsa*", Anchor::Last, Place::Secret},
    PathRule{"id_dsa*", Anchor::Last, Place::Secret},
    PathRule{"id_ecdsa*", Anchor::Last, Place::Secret},
    PathRule{"id_ed25519*", Anchor::Last, Place::Secret},
    PathRule{"*.ppk", Anchor::Last, Place::Secret},
    PathRule{".env", Anchor::Last, Place::Secret},
    PathRule{".env.local", Anchor::Last, Place::Secret},
    PathRule{".env.dev*", Anchor::Last, Place::Secret},
    PathRule{".env.prod*", Anchor::Last, Place::Secret},
    PathRule{".env.stag*", Anchor::Last, Place::Secret},
    PathRule{".env.test*", Anchor::Last, Place::Secret},
    // Browsers, wallets, mail.
    PathRule{".mozilla/firefox", Anchor::Anywhere, Place::Secret},
    PathRule{".thunderbird", Anchor::Anywhere, Place::Secret},
    PathRule{".config/google-chrome*", Anchor::Anywhere, Place::Secret},
    PathRule{".config/chromium", Anchor::Anywhere, Place::Secret},
    PathRule{".config/BraveSoftware", Anchor::Anywhere, Place::Secret},
    PathRule{".config/microsoft-edge*", Anchor::Anywhere, Place::Secret},
    PathRule{".config/opera", Anchor::Anywhere, Place::Secret},
    PathRule{"Application Support/Google/Chrome", Anchor::Anywhere, Place::Secret},
    PathRule{"Application Support/Firefox", Anchor::Anywhere, Place::Secret},
    PathRule{"Cookies", Anchor::Last, Place::Secret},
    PathRule{"cookies.sqlite", Anchor::Last, Place::Secret},
    PathRule{"Login Data", Anchor::Last, Place::Secret},
    PathRule{"logins.json", Anchor::Last, Place::Secret},
    PathRule{"key4.db", Anchor::Last, Place::Secret},
    PathRule{".bitcoin", Anchor::Anywhere, Place::Secret},
    PathRule{".ethereum", Anchor::Anywhere, Place::Secret},
    PathRule{".electrum", Anchor::Anywhere, Place::Secret},
    PathRule{"wallet.dat", Anchor::Last, Place::Secret},
    // What people typed.
    PathRule{".bash_history", Anchor::Last, Place::Secret},
    PathRule{".zsh_history", Anchor::Last, Place::Secret},
    PathRule{".zhistory", Anchor::Last, Place::Secret},
    PathRule{".sh_history", Anchor::Last, Place::Secret},
    PathRule{".history", Anchor::Last, Place::Secret},
    PathRule{".*_history", Anchor::Last, Place::Secret},
    PathRule{".local/share/fish/fish_history", Anchor::Anywhere, Place::Secret},
    // The machine.
    PathRule{"etc/shadow*", Anchor::Root, Place::Secret},
    PathRule{"etc/gshadow*", Anchor::Root, Place::Secret},
    PathRule{"etc/sudoers", Anchor::Root, Place::Secret},
    PathRule{"etc/sudoers.d", Anchor::Root, Place::Secret},
    PathRule{"etc/master.passwd", Anchor::Root, Place::Secret},
    PathRule{"etc/security/opasswd", Anchor::Root, Place::Secret},
    PathRule{"etc/ssh/ssh_host_*_key", Anchor::Root, Place::Secret},
    PathRule{"etc/ssl/private", Anchor::Root, Place::Secret},
    PathRule{"etc/pki/*/private", Anchor::Root, Place::Secret},
    PathRule{"etc/letsencrypt/live", Anchor::Root, Place::Secret},
    PathRule{"etc/letsencrypt/archive", Anchor::Root, Place::Secret},
    PathRule{"etc/kubernetes/*.conf", Anchor::Root, Place::Secret},
    PathRule{"etc/kubernetes/pki", Anchor::Root, Place::Secret},
    PathRule{"etc/rancher", Anchor::Root, Place::Secret},
    PathRule{"etc/krb5.keytab", Anchor::Root, Place::Secret},
    PathRule{"etc/ppp/*-secrets", Anchor::Root, Place::Secret},
    PathRule{"etc/wpa_supplicant", Anchor::Root, Place::Secret},
    PathRule{"etc/NetworkManager/system-connections", Anchor::Root, Place::Secret},
    PathRule{"etc/wireguard", Anchor::Root, Place::Secret},
    PathRule{"etc/openvpn", Anchor::Root, Place::Secret},
    PathRule{"etc/mysql/debian.cnf", Anchor::Root, Place::Secret},
    PathRule{"etc/sssd", Anchor::Root, Place::Secret},
    PathRule{"var/run/secrets", Anchor::Root, Place::Secret},
    PathRule{"run/secrets", Anchor::Root, Place::Secret},
    PathRule{"var/lib/docker", Anchor::Root, Place::Secret},
    PathRule{"var/lib/sss", Anchor::Root, Place::Secret},
    PathRule{"var/spool/mail", Anchor::Root, Place::Secret},
    PathRule{"var/mail", Anchor::Root, Place::Secret},
    PathRule{"private/var/db/dslocal", Anchor::Root, Place::Secret},
    PathRule{"proc/*/environ", Anchor::Root, Place::Secret},
    PathRule{"proc/*/mem", Anchor::Root, Place::Secret},
    PathRule{"proc/*/auxv", Anchor::Root, Place::Secret},
    PathRule{"proc/*/task/*/environ", Anchor::Root, Place::Secret},
    PathRule{"proc/kcore", Anchor::Root, Place::Secret},
    PathRule{"sys/class/dmi/id/product_uuid", Anchor::Root, Place::System},
};

inline constexpr std::array kSpecialRules = {
    PathRule{"dev/null", Anchor::RootExact, Place::None},
    PathRule{"dev/zero", Anchor::RootExact, Place::None},
    PathRule{"dev/full", Anchor::RootExact, Place::None},
    PathRule{"dev/random", Anchor::RootExact, Place::None},
    PathRule{"dev/urandom", Anchor::RootExact, Place::None},
    PathRule{"dev/stdin", Anchor::RootExact, Place::None},
    PathRule{"dev/stdout", Anchor::RootExact, Place::None},
    PathRule{"dev/stderr", Anchor::RootExact, Place::None},
    PathRule{"dev/tty", Anchor::RootExact, Place::None},
    PathRule{"dev/fd", Anchor::Root, Place::None},
    PathRule{"proc/self/fd", Anchor::Root, Place::None},
    PathRule{"dev/shm", Anchor::Root, Place::Temporary},
    PathRule{"dev/pts", Anchor::Root, Place::OtherPath},
    PathRule{"dev", Anchor::Root, Place::Device},
    PathRule{"proc/sysrq-trigger", Anchor::Root, Place::Device},
    PathRule{"proc/sys", Anchor::Root, Place::System},
    PathRule{"sys/firmware", Anchor::Root, Place::Boot},
    PathRule{"boot", Anchor::Root, Place::Boot},
    PathRule{"efi", Anchor::Root, Place::Boot},
    PathRule{"lib/modules", Anchor::Root, Place::Boot},
    PathRule{"usr/lib/modules", Anchor::Root, Place::Boot},
    PathRule{"etc/default/grub*", Anchor::Root, Place::Boot},
    PathRule{"etc/grub.d", Anchor::Root, Place::Boot},
    // Version control and CI.
    PathRule{".git", Anchor::Anywhere, Place::VersionControl},
    PathRule{".hg", Anchor::Anywhere, Place::VersionControl},
    PathRule{".svn", Anchor::Anywhere, Place::VersionControl},
    PathRule{".husky", Anchor::Anywhere, Place::VersionControl},
    PathRule{".githooks", Anchor::Anywhere, Place::VersionControl},
    PathRule{".github/workflows", Anchor::Anywhere, Place::Ci},
    PathRule{".github/actions", Anchor::Anywhere, Place::Ci},
    PathRule{".gitlab-ci.yml", Anchor::Last, Place::Ci},
    PathRule{".circleci", Anchor::Anywhere, Place::Ci},
    PathRule{".travis.yml", Anchor::Last, Place::Ci},
    PathRule{"Jenkinsfile", Anchor::Last, Place::Ci},
    PathRule{"azure-pipelines.yml", Anchor::Last, Place::Ci},
    PathRule{"bitbucket-pipelines.yml", Anchor::Last, Place::Ci},
    PathRule{".drone.yml", Anchor::Last, Place::Ci},
    PathRule{".buildkite", Anchor::Anywhere, Place::Ci},
    // What runs by itself later.
    PathRule{".bashrc", Anchor::Last, Place::Startup},
    PathRule{".bash_profile", Anchor::Last, Place::Startup},
    PathRule{".bash_login", Anchor::Last, Place::Startup},
    PathRule{".bash_logout", Anchor::Last, Place::Startup},
    PathRule{".bash_aliases", Anchor::Last, Place::Startup},
    PathRule{".profile", Anchor::Last, Place::Startup},
    PathRule{".zshrc", Anchor::Last, Place::Startup},
    PathRule{".zshenv", Anchor::Last, Place::Startup},
    PathRule{".zprofile", Anchor::Last, Place::Startup},
    PathRule{".zlogin", Anchor::Last, Place::Startup},
    PathRule{".cshrc", Anchor::Last, Place::Startup},
    PathRule{".tcshrc", Anchor::Last, Place::Startup},
    PathRule{".kshrc", Anchor::Last, Place::Startup},
    PathRule{".inputrc", Anchor::Last, Place::Startup},
    PathRule{".config/fish", Anchor::Anywhere, Place::Startup},
    PathRule{".config/autostart", Anchor::Anywhere, Place::Startup},
    PathRule{".config/environment.d", Anchor::Anywhere, Place::Startup},
    PathRule{".pam_environment", Anchor::Last, Place::Startup},
    PathRule{".xinitrc", Anchor::Last, Place::Startup},
    PathRule{".xprofile", Anchor::Last, Place::Startup},
    PathRule{".xsession", Anchor::Last, Place::Startup},
    PathRule{".gitconfig", Anchor::Last, Place::Startup},
    PathRule{".config/git", Anchor::Anywhere, Place::Startup},
    PathRule{".vimrc", Anchor::Last, Place::Startup},
    PathRule{".vim/plugin", Anchor::Anywhere, Place::Startup},
    PathRule{".config/nvim", Anchor::Anywhere, Place::Startup},
    PathRule{".emacs", Anchor::Last, Place::Startup},
    PathRule{".emacs.d", Anchor::Anywhere, Place::Startup},
    PathRule{".tmux.conf", Anchor::Last, Place::Startup},
    PathRule{".screenrc", Anchor::Last, Place::Startup},
    PathRule{".gdbinit", Anchor::Last, Place::Startup},
    PathRule{".pythonrc*", Anchor::Last, Place::Startup},
    PathRule{".claude/settings*.json", Anchor::Anywhere, Place::Startup},
    PathRule{".claude.json", Anchor::Last, Place::Startup},
    PathRule{".codex/config.toml", Anchor::Anywhere, Place::Startup},
    PathRule{".cursor/hooks.json", Anchor::Anywhere, Place::Startup},
    PathRule{"etc/profile", Anchor::Root, Place::Startup},
    PathRule{"etc/profile.d", Anchor::Root, Place::Startup},
    PathRule{"etc/bash.bashrc", Anchor::Root, Place::Startup},
    PathRule{"etc/bashrc", Anchor::Root, Place::Startup},
    PathRule{"etc/zsh", Anchor::Root, Place::Startup},
    PathRule{"etc/zshrc", Anchor::Root, Place::Startup},
    PathRule{"etc/environment", Anchor::Root, Place::Startup},
    PathRule{"etc/rc.local", Anchor::Root, Place::Startup},
    PathRule{"etc/init.d", Anchor::Root, Place::Startup},
    PathRule{"etc/rc*.d", Anchor::Root, Place::Startup},
    PathRule{"etc/ld.so.preload", Anchor::Root, Place::Startup},
    PathRule{"etc/ld.so.conf*", Anchor::Root, Place::Startup},
    PathRule{"etc/pam.d", Anchor::Root, Place::Startup},
    PathRule{"etc/update-motd.d", Anchor::Root, Place::Startup},
    PathRule{"etc/xdg/autostart", Anchor::Root, Place::Startup},
    PathRule{"etc/skel", Anchor::Root, Place::Startup},
    PathRule{"etc/ssh/sshrc", Anchor::Root, Place::Startup},
    PathRule{"etc/udev/rules.d", Anchor::Root, Place::Startup},
    PathRule{"etc/apt/apt.conf*", Anchor::Root, Place::Startup},
    PathRule{"etc/modules*", Anchor::Root, Place::Startup},
    PathRule{"Library/LaunchAgents", Anchor::Anywhere, Place::Startup},
    PathRule{"Library/LaunchDaemons", Anchor::Anywhere, Place::Startup},
    PathRule{"Library/StartupItems", Anchor::Anywhere, Place::Startup},
    PathRule{"usr/lib/python*/sitecustomize.py", Anchor::Root, Place::Startup},
    PathRule{"usercustomize.py", Anchor::Last, Place::Startup},
    PathRule{"etc/cron*", Anchor::Root, Place::Schedule},
    PathRule{"etc/anacrontab", Anchor::Root, Place::Schedule},
    PathRule{"var/spool/cron", Anchor::Root, Place::Schedule},
    PathRule{"var/spool/at", Anchor::Root, Place::Schedule},
    PathRule{"var/spool/anacron", Anchor::Root, Place::Schedule},
    PathRule{"usr/lib/cron", Anchor::Root, Place::Schedule},
    PathRule{"etc/systemd", Anchor::Root, Place::Schedule},
    PathRule{"run/systemd", Anchor::Root, Place::Schedule},
    PathRule{"lib/systemd", Anchor::Root, Place::Schedule},
    PathRule{"usr/lib/systemd", Anchor::Root, Place::Schedule},
    PathRule{"usr/local/lib/systemd", Anchor::Root, Place::Schedule},
    PathRule{".config/systemd", Anchor::Anywhere, Place::Schedule},
    PathRule{".local/share/systemd", Anchor::Anywhere, Place::Schedule},
};

inline constexpr std::array kTemporaryRoots = {
    PathRule{"tmp", Anchor::Root, Place::Temporary},
    PathRule{"var/tmp", Anchor::Root, Place::Temporary},
    PathRule{"private/tmp", Anchor::Root, Place::Temporary},
    PathRule{"private/var/folders", Anchor::Root, Place::Temporary},
};

inline constexpr std::array kSystemRoots = {
    PathRule{"etc", Anchor::Root, Place::System},
    PathRule{"usr", Anchor::Root, Place::System},
    PathRule{"var", Anchor::Root, Place::System},
    PathRule{"opt", Anchor::Root, Place::System},
    PathRule{"bin", Anchor::Root, Place::System},
    PathRule{"sbin", Anchor::Root, Place::System},
    PathRule{"lib*", Anchor::Root, Place::System},
    PathRule{"run", Anchor::Root, Place::System},
    PathRule{"sys", Anchor::Root, Place::System},
    PathRule{"proc", Anchor::Root, Place::System},
    PathRule{"snap", Anchor::Root, Place::System},
    PathRule{"System", Anchor::Root, Place::System},
    PathRule{"Library", Anchor::Root, Place::System},
    PathRule{"nix", Anchor::Root, Place::System},
    PathRule{"private", Anchor::Root, Place::System},
};

}  // namespace paths

}  // namespace countersign::catalogue
