import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.zookeeper.server.quorum.QuorumPeer.QuorumServer;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;

/** Reads the path of a zoo.cfg from each line of its input, and says in one line what Java's parser makes of it: "refused",
 * and why, or the values, with tabs between. Run by configurations.py, which compares them. */
public class Configurations {
    public static void main(String[] args) throws Exception {
        Properties first = (Properties) System.getProperties().clone();
        BufferedReader paths = new BufferedReader(new InputStreamReader(System.in));
        for (String path = paths.readLine(); path != null; path = paths.readLine()) {
            // What one file has set must not be there for the next.
            System.setProperties((Properties) first.clone());
            QuorumPeerConfig.setStandaloneEnabled(true);
            QuorumPeerConfig.setReconfigEnabled(false);
            QuorumPeerConfig config = new QuorumPeerConfig();
            String answer;
            try {
                config.parse(path);
                answer = values(config);
            } catch (Exception e) {
                answer = "refused";
                for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                    answer += " " + cause.toString().replaceAll("\\s+", " ");
                }
            }
            System.out.println(answer);
        }
    }

    private static String values(QuorumPeerConfig config) {
        StringBuilder text = new StringBuilder();
        TreeMap<Long, QuorumServer> members = new TreeMap<>(config.getQuorumVerifier().getAllMembers());
        boolean ensemble = config.isDistributed();
        if (ensemble && !members.containsKey(config.getServerId())) {
            return "refused: its start ends because it is not in the list";
        }
        InetSocketAddress client = config.getClientPortAddress();
        text.append("self=").append(ensemble ? config.getServerId() : "alone");
        text.append("\tclient=").append(client == null ? "none" : client.toString().replaceFirst(".*/", ""));
        text.append("\ttick=").append(config.getTickTime());
        text.append("\tsessions=").append(config.getMinSessionTimeout()).append(" to ").append(config.getMaxSessionTimeout());
        text.append("\tdataDir=").append(config.getDataDir());
        text.append("\tdataLogDir=").append(config.getDataLogDir());
        if (ensemble) {
            text.append("\tlimits=").append(config.getInitLimit()).append(" ").append(config.getSyncLimit());
            text.append("\tall=").append(config.getQuorumListenOnAllIPs());
            text.append("\tversion=").append(Long.toHexString(config.getQuorumVerifier().getVersion()));
            for (QuorumServer server : members.values()) {
                text.append("\tserver.").append(server.id).append("=").append(server.type);
                text.append(" quorum").append(sorted(server.addr.getAllAddresses()));
                text.append(" election").append(sorted(server.electionAddr.getAllAddresses()));
            }
        }
        return text.toString();
    }

    private static String sorted(Collection<InetSocketAddress> addresses) {
        return addresses.stream().map(InetSocketAddress::toString).sorted().collect(Collectors.joining(" ", " ", ""));
    }
}
