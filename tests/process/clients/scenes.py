"""The list of scenarios, and in which house each is played: with which settings its servers run."""
import collections

import wire

House = collections.namedtuple('House', 'settings properties observers first', defaults=((), 1))
Scene = collections.namedtuple('Scene', 'name function house where same prepared')

SUPER = 'super:secret'
HOUSES = {
    'plain': House({}, {'zookeeper.DigestAuthenticationProvider.superDigest': wire.digest_id(SUPER)}),
    'extended': House({'extendedTypesEnabled': 'true', 'enforceQuota': 'true'}, {'znode.container.checkIntervalMs': 300}),
    'local': House({'localSessionsEnabled': 'true', 'localSessionsUpgradingEnabled': 'true'}, {}),
    'local only': House({'localSessionsEnabled': 'true'}, {}),
    'strict': House({'enforce.auth.enabled': 'true', 'enforce.auth.schemes': 'digest'}, {}),
    'few callers': House({'maxClientCnxns': 4}, {}),
    'few connections': House({'maxCnxns': 4}, {}),
    'narrow': House({'globalOutstandingLimit': 5}, {}),
    'tokens': House({}, {'zookeeper.connection_throttle_tokens': 3, 'zookeeper.connection_throttle_fill_time': 86400000,
                         'zookeeper.connection_throttle_fill_count': 1}),
    'impatient': House({}, {'zookeeper.nio.sessionlessCnxnTimeout': 4000}),
    'observed': House({}, {}, (1,)),
    'changing': House({'reconfigEnabled': 'true'}, {}),
    'growing': House({'reconfigEnabled': 'true'}, {'zookeeper.DigestAuthenticationProvider.superDigest': wire.digest_id(SUPER)}),
    'from zero': House({}, {}, (), 0),
    'snapshots': House({'snapCount': 2}, {}),
    'last': House({}, {}),  # what is played here ends servers
}
EVERYWHERE = ('alone', 'leader', 'follower')
ENSEMBLE = ('leader', 'follower')
ALL = []


def scene(where=EVERYWHERE, house='plain', same=True, prepared=True):
    """Enters a function as a scenario. same: its tape must be Java's. prepared: it has a node of its own and counts zxids."""
    def enter(function):
        ALL.append(Scene(function.__name__, function, house, where, same, prepared))
        return function
    return enter
