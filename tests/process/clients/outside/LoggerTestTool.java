package org.apache.zookeeper.test;

import java.io.ByteArrayOutputStream;
import org.apache.log4j.Level;
import org.apache.log4j.Logger;
import org.apache.log4j.SimpleLayout;
import org.apache.log4j.WriterAppender;

/** Stands in the place of ZooKeeper's test class of this name, which wants logback: what one logger says, by log4j. */
public class LoggerTestTool implements AutoCloseable {

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final WriterAppender appender = new WriterAppender(new SimpleLayout(), said);
    private final Logger logger;

    public LoggerTestTool(Class<?> of) {
        this(of.getName());
    }

    public LoggerTestTool(String name) {
        logger = Logger.getLogger(name);
        logger.setLevel(Level.INFO);
        appender.setImmediateFlush(true);
        logger.addAppender(appender);
    }

    public ByteArrayOutputStream getOutputStream() {
        return said;
    }

    @Override
    public void close() {
        logger.removeAppender(appender);
    }
}
