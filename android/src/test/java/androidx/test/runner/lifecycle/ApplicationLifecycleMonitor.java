package androidx.test.runner.lifecycle;

/** Stands in for androidx.test:monitor, which Robolectric calls and which comes as an AAR: Maven puts none on a classpath. */
public interface ApplicationLifecycleMonitor {}
