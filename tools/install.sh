#!/bin/sh
# install.sh PACKAGE... - installs Debian packages, as root, quietly: words only if it fails.
#
# They are tools here. policy-rc.d is Debian's way to say that no daemon is to start, createcluster.d
# that PostgreSQL is to make no database of its own; both files go again at the end.
set -eu

no_start=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/tools-only.conf
made=
log=$(mktemp)
# shellcheck disable=SC2086 # words are meant
trap 'rm -f "$log" $made' EXIT

if [ ! -e $no_start ]; then
    made=$no_start
    printf '#!/bin/sh\nexit 101\n' >$no_start
    chmod 755 $no_start
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    made="$made $no_cluster"
    mkdir -p "${no_cluster%/*}"
    echo 'create_main_cluster = false' >$no_cluster
fi

export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -q update && apt-get -q install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
