{{%AUTOESCAPE context="HTML"}}
{{>HEAD}}
<section class="hero small">
<h1>Providers</h1>
<p class="lede">{{PROVIDER_TOTAL}} providers, and what they sell.</p>
</section>
<ul class="cards">
{{#PROVIDER}}<li><a class="card" href="{{URL}}"><span class="name">{{NAME}}</span><span class="id">{{ID}}</span><span class="meta"><strong>{{OFFERINGS}}</strong> {{NOUN}}<span class="tag plain">{{FORMAT}}</span></span></a></li>
{{/PROVIDER}}
</ul>
{{>FOOT}}
